import type { Context } from 'hono'
import { DomainError } from '../errors.ts'
import type { AppEnv } from './endpoint.ts'

/** The strong entity tag of a JSON answer (RFC 9110, 8.8.3): it changes when any field does. */
export async function entityTag(row: object): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(row))
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return `"${Buffer.from(digest.subarray(0, 16)).toString('base64url')}"`
}

/** Throws a 412 unless `If-Match`, when it is sent, names the object as it stands. */
export async function requireMatch(ifMatch: string | undefined, row: object): Promise<void> {
  if (ifMatch === undefined || ifMatch.trim() === '*') return
  if (listed(ifMatch).includes(await entityTag(row))) return
  throw new DomainError(
    'precondition_failed',
    'The object changed since you read it. Get it again, and repeat the change on what stands there now.',
  )
}

/** Answers the object with its entity tag, or a 304 when `If-None-Match` says that the caller has it. */
export async function answerTagged(c: Context<AppEnv>, row: object, status: 200 | 201 = 200) {
  const tag = await entityTag(row)
  c.header('etag', tag)
  const known = c.req.method === 'GET' ? c.req.header('if-none-match') : undefined
  const isKnown = known !== undefined && (known.trim() === '*' || listed(known).includes(tag))
  return isKnown ? c.body(null, 304) : c.json(row, status)
}

function listed(header: string): string[] {
  return header.split(',').map((tag) => tag.trim())
}
