import createFetchClient, { type Client } from 'openapi-fetch'
import type { components, paths } from './api.js'

export type { components, paths } from './api.js'
export type Problem = components['schemas']['Problem']
export type TaskProgress = components['schemas']['TaskProgress']

/** An error response of the API. Decide by `code`. */
export class Igny8Error extends Error {
  readonly code: string
  readonly status: number
  readonly problem: Problem
  constructor(problem: Problem) {
    super(problem.detail)
    this.name = 'Igny8Error'
    this.code = problem.code
    this.status = problem.status
    this.problem = problem
  }
}

export type Options = {
  /** The URL of the service, such as `https://igny8.example`. */
  url: string
  /** An API key, or an access token. */
  token: string
  /** The global `fetch` by default. */
  fetch?: (request: Request) => Promise<Response>
}

export type Igny8Client = Client<paths> & {
  /** Waits until a run has ended. Throws its error as an `Error`, or the reason of the signal. */
  followRun(taskId: number, options?: FollowOptions): Promise<TaskProgress>
}

export type FollowOptions = {
  onProgress?: (progress: TaskProgress) => void
  signal?: AbortSignal
}

/** Milliseconds between polls of a run. The first are short, for runs that end quickly. */
const LOOKS = [100, 200, 500, 1_000, 2_000]

/** A client of the igny8 API, typed by its OpenAPI document. Throws `Igny8Error` for every error response. */
export function createClient({ url, token, fetch }: Options): Igny8Client {
  const client = createFetchClient<paths>({
    baseUrl: url.replace(/\/+$/, ''),
    headers: { authorization: `Bearer ${token}` },
    ...(fetch && { fetch }),
  })
  client.use({
    async onResponse({ response }) {
      if (response.ok || response.status === 304) return
      throw new Igny8Error(await problemOf(response))
    },
  })
  const followRun = (taskId: number, options?: FollowOptions) => follow(client, taskId, options)
  return Object.assign(client, { followRun })
}

async function follow(
  client: Client<paths>,
  task_id: number,
  { onProgress, signal }: FollowOptions = {},
): Promise<TaskProgress> {
  for (let look = 0; ; look++) {
    const { data } = await client.GET('/api/v1/system/settings/task_progress/{task_id}/', {
      params: { path: { task_id } },
      ...(signal && { signal }),
    })
    const progress: TaskProgress = data!
    onProgress?.(progress)
    if (progress.state === 'SUCCESS') return progress
    if (progress.state === 'FAILURE' || progress.state === 'CANCELLED') {
      throw new Error(progress.error?.message ?? `The run ended with the state ${progress.state}.`)
    }
    await pause(LOOKS[Math.min(look, LOOKS.length - 1)] ?? 0, signal)
  }
}

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const abort = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort)
      resolve()
    }, ms)
    signal?.addEventListener('abort', abort)
  })
}

/** The problem in a response; one is made up for responses that come from a gateway. */
async function problemOf(response: Response): Promise<Problem> {
  const text = await response.text()
  const type = response.headers.get('content-type') ?? ''
  if (type.includes('problem+json')) return JSON.parse(text) as Problem
  const { status } = response
  const detail = `The server responded with status ${status}, but not with a problem document. Check the URL and any proxy.`
  return {
    type: 'about:blank',
    title: 'Unexpected response',
    status,
    detail,
    code: 'unexpected_answer',
    request_id: '',
  }
}
