import createFetchClient, { type Client } from 'openapi-fetch'
import type { components, paths } from './api.js'

export type { components, paths } from './api.js'
export type Problem = components['schemas']['Problem']
export type TaskProgress = components['schemas']['TaskProgress']

/** An answer that was not a success: decide by `code`. */
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
  /** Where the service is, such as `https://igny8.example`. */
  url: string
  /** An API key, or an access token. */
  token: string
  /** The platform's own by default. */
  fetch?: (request: Request) => Promise<Response>
}

export type Igny8Client = Client<paths> & {
  /** Waits until a run has ended. Throws what it failed with as an `Error`, or the reason of the signal. */
  followRun(taskId: number, options?: FollowOptions): Promise<TaskProgress>
}

export type FollowOptions = {
  onProgress?: (progress: TaskProgress) => void
  signal?: AbortSignal
}

/** Milliseconds between looks at a run: it begins short, for what is done at once. */
const LOOKS = [100, 200, 500, 1_000, 2_000]

/** The API of an igny8 service, typed by its OpenAPI document. Every refusal throws an `Igny8Error`. */
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
      throw new Error(progress.error?.message ?? `The run ended as ${progress.state}.`)
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

/** What a gateway answers is no problem of ours, and is told as one. */
async function problemOf(response: Response): Promise<Problem> {
  const text = await response.text()
  const type = response.headers.get('content-type') ?? ''
  if (type.includes('problem+json')) return JSON.parse(text) as Problem
  const { status } = response
  const detail = `The server answered with status ${status}.`
  return {
    type: 'about:blank',
    title: 'unexpected answer',
    status,
    detail,
    code: 'unexpected_answer',
    request_id: '',
  }
}
