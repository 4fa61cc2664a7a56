import type { Context } from 'hono'
import { DomainError } from '../errors.ts'
import type { AppEnv } from './endpoint.ts'

/** The strong entity tag of an object (RFC 9110, 8.8.3). It changes when any field changes. */
export async function entityTag(row: object): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(row))
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return `"${Buffer.from(digest.subarray(0, 16)).toString('base64url')}"`
}

/** Throws a 412 if `If-Match` was sent and does not match the object. */
export async function requireMatch(ifMatch: string | undefined, row: object): Promise<void> {
  if (ifMatch === undefined || ifMatch.trim() === '*') return
  if (listed(ifMatch).includes(await entityTag(row))) return
  throw new DomainError(
    'precondition_failed',
    'The object has changed since you read it. Fetch it again and apply your change to the current version.',
  )
}

/** Responds with the object and its entity tag, or with 304 if `If-None-Match` matches. */
export async function respondTagged(c: Context<AppEnv>, row: object, status: 200 | 201 = 200) {
  const tag = await entityTag(row)
  c.header('etag', tag)
  const known = c.req.method === 'GET' ? c.req.header('if-none-match') : undefined
  const isKnown = known !== undefined && (known.trim() === '*' || listed(known).includes(tag))
  return isKnown ? c.body(null, 304) : c.json(row, status)
}

function listed(header: string): string[] {
  return header.split(',').map((tag) => tag.trim())
}
