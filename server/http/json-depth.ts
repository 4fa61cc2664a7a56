import type { MiddlewareHandler } from 'hono'
import { DomainError } from '../errors.ts'
import type { AppEnv } from './endpoint.ts'

const MAX_DEPTH = 32
const [QUOTE, BACKSLASH] = [0x22, 0x5c]
/** `[` and `{`, `]` and `}`: in ASCII they differ in one bit. */
const [OPEN, CLOSE] = [0x5b, 0x5d]
const SAME_BUT_CURLY = ~0x20

/** Refuses JSON that is nested deeper than anything the API takes, before it is parsed. */
export const limitDepth: MiddlewareHandler<AppEnv> = async (c, next) => {
  if (c.req.method !== 'GET' && c.req.header('content-type')?.includes('json')) {
    if (isDeeper(await c.req.text(), MAX_DEPTH)) {
      throw new DomainError('malformed_body', `The body is nested more than ${MAX_DEPTH} deep.`)
    }
  }
  await next()
}

function isDeeper(json: string, limit: number): boolean {
  let depth = 0
  let quoted = false
  for (let at = 0; at < json.length; at++) {
    const char = json.charCodeAt(at)
    if (char === QUOTE) quoted = !quoted
    else if (quoted) at += char === BACKSLASH ? 1 : 0
    else if ((char & SAME_BUT_CURLY) === OPEN && ++depth > limit) return true
    else if ((char & SAME_BUT_CURLY) === CLOSE) depth--
  }
  return false
}
