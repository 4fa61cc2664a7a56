import { once } from 'node:events'
import * as http from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { until } from './until.ts'

/**
 * What happens to one request. The ones that end in `_after` and `lose_answer`, `truncate`, `stall`
 * let the server carry it out; `cut` passes on half of the body; `delay` passes it on late; `refuse`
 * also refuses every connection for so many milliseconds. `drop` ends a connection, `reset_` resets it.
 */
export type Break =
  | 'drop'
  | 'cut'
  | 'reset_before'
  | 'reset_after'
  | 'lose_answer'
  | '502_before'
  | '502_after'
  | '503'
  | '429'
  | 'html_before'
  | 'html_after'
  | 'truncate'
  | { delay: number }
  | { stall: number }
  | { refuse: number }

interface ProxiedRequest {
  method: string
  url: string
}

export type Choose = (request: ProxiedRequest) => Break | null

export interface BreakingProxy {
  /** `http://127.0.0.1:PORT` */
  url: string
  /** Every request that arrived, with what happened to it. */
  log: (ProxiedRequest & { broken: Break | null })[]
  /** Replaces what decides. */
  choose(choose: Choose): void
  /** Breaks the next request that matches, once. */
  breakNext(matches: (request: ProxiedRequest) => boolean, broken: Break): void
  stop(): Promise<void>
}

interface Answer {
  status: number
  headers: http.IncomingHttpHeaders
  body: Buffer
}

/** Stands before a server on this machine and breaks what it is told to. Nothing, at first. */
export async function startBreakingProxy(
  target: string,
  options: { port?: number; choose?: Choose } = {},
): Promise<BreakingProxy> {
  let choose: Choose = options.choose ?? (() => null)
  const log: BreakingProxy['log'] = []
  let reopened: Promise<void> | undefined
  const server = http.createServer(async (request, response) => {
    const seen = { method: request.method ?? '', url: request.url ?? '' }
    const broken = choose(seen)
    log.push({ ...seen, broken })
    if (isRefusal(broken)) {
      request.socket.resetAndDestroy()
      reopened ??= refuseFor(server, broken.refuse).finally(() => {
        reopened = undefined
      })
      return
    }
    try {
      await serve(target, request, response, broken)
    } catch {
      // The client or the server went away: that is what this proxy is for.
      response.destroy()
    }
  })
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    log,
    choose(next) {
      choose = next
    },
    breakNext(matches, broken) {
      const before = choose
      choose = (request) => {
        if (!matches(request)) return before(request)
        choose = before
        return broken
      }
    },
    async stop() {
      await reopened
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

const isRefusal = (broken: Break | null): broken is { refuse: number } =>
  typeof broken === 'object' && broken !== null && 'refuse' in broken

/** Stops listening, and listens at the same port again after so many milliseconds. */
async function refuseFor(server: http.Server, ms: number): Promise<void> {
  const { port } = server.address() as AddressInfo
  server.close()
  await delay(ms)
  const listens = () => {
    server.listen(port, '127.0.0.1')
    // Another connection of this machine may have been given the port meanwhile.
    return once(server, 'listening').catch(() => false)
  }
  await until(listens, { what: `the return of the proxy to port ${port}` })
}

/** Breaks a share of all requests, the same ones in the same order for the same seed. */
export function seededBreaks(seed: number, chance: number, breaks: Break[]): Choose {
  const random = mulberry32(seed)
  return () => (random() < chance ? breaks[Math.floor(random() * breaks.length)]! : null)
}

/** Numbers from 0 to below 1: https://github.com/cprosche/mulberry32 */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

const PAGE = '<!doctype html><title>Just a moment…</title><p>Checking your browser.'

async function serve(
  target: string,
  request: http.IncomingMessage,
  response: http.ServerResponse,
  broken: Break | null,
): Promise<void> {
  const body = Buffer.concat(await request.toArray())
  response.setHeader('connection', 'close')
  if (broken === 'reset_before') return void request.socket.resetAndDestroy()
  if (broken === 'drop') return void response.destroy()
  if (broken === '502_before') return page(response, 502)
  if (broken === '503') return page(response, 503)
  if (broken === 'html_before') return page(response, 200)
  if (broken === '429') {
    response.writeHead(429, { 'content-type': 'application/json', 'retry-after': '1' })
    return void response.end('{"code":"too_many_requests","message":"Slow down.","data":null}')
  }
  if (typeof broken === 'object' && broken && 'delay' in broken) await delay(broken.delay)
  const answer = await forward(
    target,
    request,
    broken === 'cut' ? body.subarray(0, body.length / 2) : body,
  )
  if (broken === 'lose_answer' || broken === 'cut') return void response.destroy()
  if (broken === 'reset_after') return void request.socket.resetAndDestroy()
  if (broken === '502_after') return page(response, 502)
  if (broken === 'html_after') return page(response, 200)
  if (typeof broken === 'object' && broken && 'stall' in broken) {
    await delay(broken.stall)
    return void response.destroy()
  }
  const {
    connection,
    'transfer-encoding': encoding,
    'content-length': length,
    ...kept
  } = answer.headers
  const half = broken === 'truncate' ? answer.body.subarray(0, answer.body.length / 2) : answer.body
  response.writeHead(answer.status, { ...kept, connection: 'close', 'content-length': half.length })
  response.end(half)
}

function page(response: http.ServerResponse, status: number): void {
  response.writeHead(status, { 'content-type': 'text/html' })
  response.end(status < 500 ? PAGE : `<!doctype html><title>${status}</title><h1>nginx</h1>`)
}

/** Sends it on with the same headers; a body shorter than its length ends the connection there. */
async function forward(
  target: string,
  request: http.IncomingMessage,
  body: Buffer,
): Promise<Answer> {
  const { port, hostname } = new URL(target)
  const upstream = http.request({
    hostname,
    port,
    method: request.method,
    path: request.url,
    headers: { ...request.headers, connection: 'close' },
    agent: false,
  })
  const answered = once(upstream, 'response') as Promise<[http.IncomingMessage]>
  if (body.length < Number(request.headers['content-length'] ?? 0)) {
    upstream.write(body, () => upstream.destroy(new Error('cut short')))
  } else {
    upstream.end(body)
  }
  const [answer] = await answered
  const bytes = Buffer.concat(await answer.toArray())
  return { status: answer.statusCode ?? 502, headers: answer.headers, body: bytes }
}
