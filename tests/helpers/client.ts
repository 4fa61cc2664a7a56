import type { Sql } from 'postgres'

export type Json = Record<string, unknown>
export type Answer<T = Json> = { status: number; body: T; headers: Headers }

/** Calls the API as one user. Paths are relative to /api/v1/. */
export type Client = {
  url: string
  token: string
  refresh: string
  email: string
  userId: number
  accountId: number
  call<T = Json>(
    method: string,
    path: string,
    body?: unknown,
    headers?: HeadersInit,
  ): Promise<Answer<T>>
  get<T = Json>(path: string): Promise<Answer<T>>
  post<T = Json>(path: string, body?: unknown): Promise<Answer<T>>
  /** Follows a run by its event stream to its end. */
  follow(taskId: number): Promise<Progress>
  /** Posts what starts a run, checks that it was accepted, and follows it to its end. */
  run(path: string, body: unknown): Promise<Progress>
}

export type Progress = {
  task_id: number
  state: string
  meta: {
    phase: string
    percentage: number
    current: number
    total: number
    message: string
  } & Json
  result: {
    steps: { kind: string; object_id: number; state: string; result?: Json; error?: Json }[]
  } | null
  error: { code: string; message: string } | null
}

export const PASSWORD = 'correct horse battery'
let registered = 0

export async function register(url: string, account_name: string): Promise<Client> {
  const email = `owner-${process.pid}-${++registered}@example.test`
  const answer = await request<Session>(url, 'POST', 'auth/register/', {
    email,
    password: PASSWORD,
    account_name,
  })
  if (answer.status !== 201) throw new Error(`register: ${JSON.stringify(answer.body)}`)
  return clientOf(url, answer.body)
}

export async function signIn(url: string, email: string, password = PASSWORD): Promise<Client> {
  const answer = await request<Session>(url, 'POST', 'auth/login/', { email, password })
  if (answer.status !== 200) throw new Error(`login: ${JSON.stringify(answer.body)}`)
  return clientOf(url, answer.body)
}

/** Adds a user to the owner's account, grants the sites, and signs in as that user. */
export async function addUser(
  owner: Client,
  role: string,
  siteIds: number[] = [],
): Promise<Client> {
  const email = `${role}-${process.pid}-${++registered}@example.test`
  const added = await owner.post<{ id: number }>('auth/users/', { email, password: PASSWORD, role })
  if (added.status !== 201) throw new Error(`add user: ${JSON.stringify(added.body)}`)
  for (const id of siteIds) await owner.post(`auth/sites/${id}/access/`, { user_id: added.body.id })
  return signIn(owner.url, email)
}

/** A developer of the platform, with an account of their own. */
export async function staffMember({ url, sql }: { url: string; sql: Sql }): Promise<Client> {
  const { email, userId } = await register(url, 'Staff')
  await sql`update users set role = 'developer' where id = ${userId}`
  return signIn(url, email)
}

type Session = {
  access: string
  refresh: string
  user: { id: number; account_id: number; email: string }
}

function clientOf(url: string, session: Session): Client {
  const call = <T>(method: string, path: string, body?: unknown, headers: HeadersInit = {}) =>
    request<T>(url, method, path, body, { authorization: `Bearer ${session.access}`, ...headers })
  const follow = (taskId: number) => followRun(url, session.access, taskId)
  return {
    url,
    token: session.access,
    refresh: session.refresh,
    email: session.user.email,
    userId: session.user.id,
    accountId: session.user.account_id,
    call,
    get: (path) => call('GET', path),
    post: (path, body) => call('POST', path, body),
    follow,
    async run(path, body) {
      const answer = await call<{ task_id: number }>('POST', path, body)
      if (answer.status !== 202) throw new Error(`${path}: ${JSON.stringify(answer.body)}`)
      return follow(answer.body.task_id)
    },
  }
}

export async function request<T = Json>(
  url: string,
  method: string,
  path: string,
  body?: unknown,
  headers: HeadersInit = {},
): Promise<Answer<T>> {
  const sent = body instanceof FormData || typeof body === 'string' ? body : JSON.stringify(body)
  const type: HeadersInit = body instanceof FormData ? {} : { 'content-type': 'application/json' }
  const response = await fetch(`${url}/api/v1/${path}`, {
    method,
    headers: { ...(body === undefined ? {} : type), ...headers },
    ...(body === undefined ? {} : { body: sent }),
  })
  const text = await response.text()
  const json = response.headers.get('content-type')?.includes('json') && text !== ''
  return {
    status: response.status,
    headers: response.headers,
    body: (json ? JSON.parse(text) : text) as T,
  }
}

async function followRun(url: string, token: string, taskId: number): Promise<Progress> {
  const response = await fetch(`${url}/api/v1/system/settings/task_progress/${taskId}/stream/`, {
    headers: { authorization: `Bearer ${token}` },
  })
  if (response.status !== 200)
    throw new Error(`stream: ${response.status} ${await response.text()}`)
  const text = await response.text()
  const last = text.split('\n').findLast((line) => line.startsWith('data: '))
  return JSON.parse(last?.slice('data: '.length) ?? 'null')
}
