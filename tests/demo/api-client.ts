/** What `system/settings/task_progress/{task_id}/` answers, as far as the demo shows it. */
export interface RunProgress {
  task_id: number
  state: 'PENDING' | 'PROGRESS' | 'SUCCESS' | 'FAILURE' | 'CANCELLED'
  meta: { percentage: number; current: number; total: number; message: string | null } | null
  error: unknown
}

export interface ApiClient {
  get<T>(path: string): Promise<T>
  post<T>(path: string, body: unknown): Promise<T>
  put<T>(path: string, body: unknown): Promise<T>
  postForm<T>(path: string, form: FormData): Promise<T>
  /** Follows a run until it ends. Throws with the run's error when it fails. */
  follow(taskId: number, onProgress: (progress: RunProgress) => void): Promise<RunProgress>
}

/**
 * A client of igny8's HTTP API.
 * Its calls throw when the answer is not a success, with what the problem document says.
 */
export function apiClient(service: string, accessToken?: string): ApiClient {
  const request = async (method: string, path: string, body?: unknown) => {
    const isJson = body !== undefined && !(body instanceof FormData)
    const answer = await fetch(new URL(`/api/v1/${path}`, service), {
      method,
      headers: {
        ...(accessToken ? { authorization: `Bearer ${accessToken}` } : {}),
        ...(isJson ? { 'content-type': 'application/json' } : {}),
      },
      ...(body === undefined ? {} : { body: isJson ? JSON.stringify(body) : (body as FormData) }),
    })
    if (!answer.ok) throw new Error(await problemOf(method, path, answer))
    return answer
  }
  const json = async (method: string, path: string, body?: unknown) =>
    (await request(method, path, body)).json()
  return {
    get: (path) => json('GET', path),
    post: (path, body) => json('POST', path, body),
    put: (path, body) => json('PUT', path, body),
    postForm: (path, form) => json('POST', path, form),
    async follow(taskId, onProgress) {
      const path = `system/settings/task_progress/${taskId}/`
      for await (const progress of progressEvents(await request('GET', `${path}stream/`))) {
        onProgress(progress)
      }
      // The stream says when to look; what the run came to is asked for.
      const last: RunProgress = await json('GET', path)
      if (last.state !== 'SUCCESS') throw new Error(failureOf(last))
      return last
    },
  }
}

async function* progressEvents(answer: Response): AsyncGenerator<RunProgress> {
  if (!answer.body) return
  let buffer = ''
  for await (const text of answer.body.pipeThrough(new TextDecoderStream())) {
    buffer += text
    const events = buffer.split(/\r?\n\r?\n/)
    buffer = events.pop() ?? ''
    for (const event of events) {
      const data = event
        .split(/\r?\n/)
        .filter((line) => line.startsWith('data:'))
        .map((line) => line.slice('data:'.length).trimStart())
        .join('\n')
      if (data === '') continue
      const progress: RunProgress = JSON.parse(data)
      yield progress
      if (progress.state !== 'PENDING' && progress.state !== 'PROGRESS') return
    }
  }
}

async function problemOf(method: string, path: string, answer: Response): Promise<string> {
  const text = await answer.text()
  if (!answer.headers.get('content-type')?.includes('json')) {
    return `${method} ${path} answered ${answer.status}: ${text.slice(0, 500)}`
  }
  const { title, detail, code, errors } = JSON.parse(text)
  const fields = errors?.length ? ` ${JSON.stringify(errors)}` : ''
  return `${method} ${path} answered ${answer.status} ${code}: ${detail ?? title}${fields}`
}

function failureOf({ state, error }: RunProgress): string {
  const said = typeof error === 'object' && error && 'message' in error ? error.message : error
  return `The run ended in ${state}: ${typeof said === 'string' ? said : JSON.stringify(said)}`
}
