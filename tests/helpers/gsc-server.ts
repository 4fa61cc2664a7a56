import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { type GoogleUrls, googleUrlsAt } from '../../server/google/google-urls.ts'

type GscRequest = {
  method: string
  path: string
  headers: http.IncomingHttpHeaders
  body: string
}
type GscRow = { query: string; impressions: number }

/** What the server does with the next request of a kind instead of answering it well. */
type GscScripted =
  | { on: 'token' | 'sites' | 'query'; do: 'status'; status: number; body?: unknown }
  | { on: 'token'; do: 'grant'; body: object }
  /** Closes the connection without an answer. */
  | { on: 'token' | 'sites' | 'query'; do: 'drop' }

export type GscServer = {
  urls: GoogleUrls
  /** For the allow-list. */
  hostPort: string
  requests: GscRequest[]
  /** What a person does at Google: grants what `authorizeUrl` asks for. Resolves to where they are sent back. */
  grant(authorizeUrl: string): string
  /** The queries of a property, the most clicked first. */
  setQueries(property: string, rows: GscRow[]): void
  script(...next: GscScripted[]): void
  /** Forgets every grant, as a person may at any time. */
  revoke(): void
  stop(): Promise<void>
}

type Reply = { status: number; body: unknown }
const SCOPE = 'https://www.googleapis.com/auth/webmasters.readonly'
const MAX_ROWS = 25_000

/** A server on 127.0.0.1 that speaks as Google's OAuth and Search Console do. */
export async function startGscServer(client: { id: string; secret: string }): Promise<GscServer> {
  const requests: GscRequest[] = []
  const scripted: GscScripted[] = []
  const codes = new Map<string, string>()
  const refreshTokens = new Set<string>()
  const accessTokens = new Set<string>()
  const queries = new Map<string, GscRow[]>()
  let made = 0
  const server = http.createServer(async (incoming, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk)
    const request: GscRequest = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      headers: incoming.headers,
      body: Buffer.concat(chunks).toString(),
    }
    requests.push(request)
    const next = nextFor(request)
    if (next?.do === 'drop') return void incoming.socket.destroy()
    const { status, body } = next?.do === 'status' ? failure(next) : answer(request, next)
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const hostPort = `127.0.0.1:${(server.address() as AddressInfo).port}`

  function nextFor({ path }: GscRequest): GscScripted | undefined {
    const on = path === '/token' ? 'token' : path.endsWith('/query') ? 'query' : 'sites'
    const index = scripted.findIndex((one) => one.on === on)
    return index < 0 ? undefined : scripted.splice(index, 1)[0]
  }

  function answer(request: GscRequest, next: GscScripted | undefined): Reply {
    if (request.path === '/token') return token(new URLSearchParams(request.body), next)
    if (!accessTokens.has(request.headers.authorization?.replace('Bearer ', '') ?? '')) {
      return apiError(401, 'Request had invalid authentication credentials.', 'authError')
    }
    if (request.path === '/webmasters/v3/sites') {
      const siteEntry = [...queries.keys()].map((siteUrl) => ({
        siteUrl,
        permissionLevel: 'siteOwner',
      }))
      return { status: 200, body: siteEntry.length > 0 ? { siteEntry } : {} }
    }
    return searchAnalytics(request)
  }

  function token(form: URLSearchParams, next: GscScripted | undefined): Reply {
    if (form.get('client_id') !== client.id || form.get('client_secret') !== client.secret) {
      return oauthError(401, 'invalid_client')
    }
    const access_token = `ya29.access-${++made}`
    const answered = { access_token, expires_in: 3599, token_type: 'Bearer', scope: SCOPE }
    if (form.get('grant_type') === 'refresh_token') {
      if (!refreshTokens.has(form.get('refresh_token') ?? '')) {
        return oauthError(400, 'invalid_grant')
      }
      accessTokens.add(access_token)
      return { status: 200, body: answered }
    }
    const redirect = codes.get(form.get('code') ?? '')
    codes.delete(form.get('code') ?? '')
    if (!redirect) return oauthError(400, 'invalid_grant')
    if (redirect !== form.get('redirect_uri')) return oauthError(400, 'redirect_uri_mismatch')
    const refresh_token = `1//refresh-token-${++made}`
    refreshTokens.add(refresh_token)
    if (next?.do === 'grant') return { status: 200, body: { ...answered, ...next.body } }
    return { status: 200, body: { ...answered, refresh_token } }
  }

  function searchAnalytics({ method, path, body }: GscRequest): Reply {
    const property = /^\/webmasters\/v3\/sites\/([^/]+)\/searchAnalytics\/query$/.exec(path)?.[1]
    const rows = property && queries.get(decodeURIComponent(property))
    if (method !== 'POST' || !rows) {
      return apiError(403, "User does not have sufficient permission for site 'x'.", 'forbidden')
    }
    const { startDate, endDate, dimensions, rowLimit, startRow } = JSON.parse(body)
    const isDay = (day: unknown) => /^\d{4}-\d{2}-\d{2}$/.test(String(day))
    if (!isDay(startDate) || !isDay(endDate) || startDate > endDate || rowLimit > MAX_ROWS) {
      return apiError(400, 'Request contains an invalid argument.', 'badRequest')
    }
    if (JSON.stringify(dimensions) !== '["query"]') {
      return apiError(400, 'Only the dimension query is known here.', 'badRequest')
    }
    const page = rows.slice(startRow, startRow + rowLimit)
    const shown = page.map(({ query, impressions }) => ({
      keys: [query],
      ...{ clicks: 1, impressions, ctr: 1 / impressions, position: 3.2 },
    }))
    // As Google does: no `rows` at all where there are none.
    const found = shown.length > 0 ? { rows: shown } : {}
    return { status: 200, body: { ...found, responseAggregationType: 'byProperty' } }
  }

  return {
    urls: googleUrlsAt(`http://${hostPort}`),
    hostPort,
    requests,
    grant(authorizeUrl) {
      const { searchParams } = new URL(authorizeUrl)
      const wanted = { client_id: client.id, response_type: 'code', scope: SCOPE }
      for (const [name, value] of Object.entries({ ...wanted, access_type: 'offline' })) {
        if (searchParams.get(name) !== value) throw new Error(`${name} is not ${value}`)
      }
      const code = `4/code-${++made}`
      codes.set(code, searchParams.get('redirect_uri')!)
      const back = new URL(searchParams.get('redirect_uri')!)
      back.searchParams.set('state', searchParams.get('state')!)
      back.searchParams.set('code', code)
      back.searchParams.set('scope', SCOPE)
      return back.href
    },
    setQueries: (property, rows) => void queries.set(property, rows),
    script: (...next) => void scripted.push(...next),
    revoke: () => refreshTokens.clear(),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function failure({ status, body }: { status: number; body?: unknown }): Reply {
  return body === undefined ? apiError(status, 'Backend error', 'backendError') : { status, body }
}

function apiError(code: number, message: string, reason: string): Reply {
  const errors = [{ message, domain: 'global', reason }]
  return { status: code, body: { error: { code, message, errors } } }
}

function oauthError(status: number, error: string): Reply {
  return { status, body: { error, error_description: 'Bad Request' } }
}
