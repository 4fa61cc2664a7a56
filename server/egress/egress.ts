import { Agent } from 'undici'
import { parseAllowList, parseTarget, type Resolve } from './address.ts'
import { call, type Outgoing } from './call.ts'
import { guardedConnector } from './connect.ts'
import { EgressError } from './error.ts'
import { resolveByDns, resolveBySystem } from './resolve.ts'

const DEFAULT_TIMEOUT_MS = 30_000
const DEFAULT_MAX_BYTES = 10 * 1024 * 1024
const CONNECT_TIMEOUT_MS = 10_000
const REDIRECTS = new Set([301, 302, 303, 307, 308])
const CREDENTIALS = ['authorization', 'proxy-authorization', 'cookie']

export type EgressInit = Omit<RequestInit, 'redirect'> & {
  /** For the whole call, until the last byte of the body was read. 30 s by default. */
  timeoutMs?: number
  /**
   * The limit for the decoded body. 10 MB by default. The body of an error is cut off after 64 KB.
   */
  maxBytes?: number
  /**
   * How many redirects a GET or HEAD follows. With 0, the default, the redirect is the response.
   */
  followRedirects?: number
}

/**
 * `fetch` for addresses that users supply. Rejects with an `EgressError`, or with the reason of the
 * signal when the caller aborted. Reading the body may reject with either too.
 */
type EgressFetch = (url: string | URL, init?: EgressInit) => Promise<Response>

export type Egress = {
  fetch: EgressFetch
  /** Waits for running calls and closes the connections. */
  close(): Promise<void>
}

/**
 * Creates the only client for addresses that users supply. `allowPrivate` lists the exact host:port
 * pairs that may be private. `resolve` replaces DNS.
 */
export function createEgress(options: { allowPrivate: string[]; resolve?: Resolve }): Egress {
  const allowed = parseAllowList(options.allowPrivate)
  const connect = guardedConnector({
    allowed,
    resolve: options.resolve ?? resolveByDns(),
    resolveAllowed: options.resolve ?? resolveBySystem,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
  })
  // No limits of undici’s own: the limit of the call covers headers and body.
  const limits = { headersTimeout: 0, bodyTimeout: 0, connect }
  const reading = new Agent(limits)
  // A kept connection may already be closed by the server, and then it is unknown whether a write
  // arrived. So each write gets its own connection.
  const writing = new Agent({ ...limits, pipelining: 0 })
  return {
    async fetch(input, init = {}) {
      const url = parseTarget(input)
      const request = await outgoing(url, init)
      if (!isRead(request)) return call(url, request, writing)
      const send = (target: URL) => call(target, request, reading)
      return follow(url, request, init.followRedirects ?? 0, send)
    },
    async close() {
      await Promise.all([reading.close(), writing.close()])
    },
  }
}

/**
 * Reads the request body completely, so that its length is known and a multipart body gets its
 * boundary.
 */
async function outgoing(url: URL, init: EgressInit): Promise<Outgoing> {
  const request = requestOf(url, init)
  if (!request.headers.has('user-agent')) request.headers.set('user-agent', 'igny8')
  return {
    method: request.method,
    headers: request.headers,
    body: request.body ? new Uint8Array(await request.arrayBuffer()) : undefined,
    signal: init.signal ?? undefined,
    timeoutMs: init.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    maxBytes: init.maxBytes ?? DEFAULT_MAX_BYTES,
  }
}

function requestOf(url: URL, { method, headers, body }: EgressInit): Request {
  try {
    return new Request(url, { method, headers, body })
  } catch {
    // The platform’s message quotes the invalid header, which may contain credentials.
    const problem = `The request to ${url.origin} has a method, header or body that HTTP does not allow.`
    throw new EgressError('egress_bad_request', problem, 'Check for line breaks.', false)
  }
}

function isRead(request: Outgoing): boolean {
  return request.method === 'GET' || request.method === 'HEAD'
}

/** Applies the same rules to each hop. Credentials never leave the origin that they are for. */
async function follow(
  first: URL,
  request: Outgoing,
  redirects: number,
  send: (target: URL) => Promise<Response>,
): Promise<Response> {
  const deadline = performance.now() + request.timeoutMs
  let url = first
  let response = await send(url)
  for (let hop = 1; redirects > 0 && locationOf(response); hop++) {
    await response.body?.cancel()
    if (hop > redirects) throw tooManyRedirects(first, redirects)
    try {
      const next = parseTarget(URL.parse(locationOf(response)!, url) ?? '')
      if (next.origin !== url.origin) for (const name of CREDENTIALS) request.headers.delete(name)
      url = next
      request.timeoutMs = deadline - performance.now()
      response = await send(url)
    } catch (error) {
      throw error instanceof EgressError ? error.afterRedirect() : error
    }
  }
  return response
}

function locationOf(response: Response): string | null {
  return REDIRECTS.has(response.status) ? response.headers.get('location') : null
}

function tooManyRedirects(url: URL, redirects: number): EgressError {
  const problem = `${url.origin} redirects more than ${redirects} times.`
  const remedy = 'Use the address that the redirects end at.'
  return new EgressError('egress_redirected', problem, remedy, true)
}
