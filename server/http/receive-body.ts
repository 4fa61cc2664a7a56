import type { Context, MiddlewareHandler } from 'hono'
import { DomainError } from '../errors.ts'
import type { AppEnv } from './endpoint.ts'
import { isDeeper } from './json-depth.ts'

const MAX_DEPTH = 32
const MEGABYTE = 1024 * 1024

export type BodyLimits = {
  bytes: number
  /** The time to receive the whole body. */
  ms: number
}
/** For authenticated callers. */
export const CALLERS_BODY: BodyLimits = { bytes: 2 * MEGABYTE, ms: 60_000 }
/** For requests without authentication. */
export const PUBLIC_BODY: BodyLimits = { bytes: 64 * 1024, ms: 20_000 }

/**
 * Reads the body of a request once, for the handler and for the fingerprint of an `Idempotency-Key`. It
 * runs after the checks that need only headers and before any query, so that no database connection waits
 * for a body. Throws `body_too_large`, `request_timeout`, and `malformed_body` for JSON that is nested
 * too deeply.
 */
export function receiveBody(limits: BodyLimits): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    if (c.req.method === 'GET' || c.req.method === 'HEAD') return next()
    const text = await inTime(readText(c, limits.bytes), limits.ms)
    if (c.req.header('content-type')?.toLowerCase().includes('json') && isDeeper(text, MAX_DEPTH)) {
      throw new DomainError(
        'malformed_body',
        `The JSON of the body is nested too deeply. The limit is ${MAX_DEPTH} levels.`,
      )
    }
    giveText(c, text)
    await next()
  }
}

/** Makes handlers read `text` as the body and parse it only once. */
function giveText({ req }: Context<AppEnv>, text: string): void {
  Object.assign(req.bodyCache, { text: Promise.resolve(text) })
  let parsed: Promise<unknown> | undefined
  req.json = <T>() => {
    parsed ??= Promise.resolve(text).then(JSON.parse)
    return parsed as Promise<T>
  }
}

/** Makes validators and the handler read `value` instead of the body's JSON. */
export function giveJson({ req }: Context<AppEnv>, value: object): void {
  req.json = async <T>() => value as T
}

async function readText(c: Context<AppEnv>, maxBytes: number): Promise<string> {
  const announced = c.req.header('content-length')
  if (announced !== undefined) {
    if (Number(announced) > maxBytes) throw tooLarge(maxBytes)
    return c.req.raw.text().catch(brokenOff)
  }
  const { body } = c.req.raw
  if (!body) return ''
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  const reader = body.getReader()
  for (;;) {
    const { done, value } = await reader.read().catch(brokenOff)
    if (done) return text + decoder.decode()
    bytes += value.length
    if (bytes > maxBytes) throw tooLarge(maxBytes)
    text += decoder.decode(value, { stream: true })
  }
}

async function inTime<T>(reading: Promise<T>, ms: number): Promise<T> {
  const late = Promise.withResolvers<never>()
  const patience = setTimeout(() => late.reject(tooSlow()), ms)
  try {
    return await Promise.race([reading, late.promise])
  } finally {
    clearTimeout(patience)
  }
}

/** The 408 for a body that does not arrive in time. It closes the connection. */
export function tooSlow(): DomainError {
  return new DomainError('request_timeout', 'The body did not arrive in time. Send it again.', {
    headers: { connection: 'close' },
  })
}

function tooLarge(maxBytes: number): DomainError {
  return new DomainError(
    'body_too_large',
    `The body of this request is limited to ${maxBytes} bytes. Send less at once.`,
    {
      // The rest of the body is not read, so the connection cannot serve another request.
      headers: { connection: 'close' },
    },
  )
}

function brokenOff(): never {
  throw new DomainError('malformed_body', 'The body ended before it was complete. Send it again.')
}
