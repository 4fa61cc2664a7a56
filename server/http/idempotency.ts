import type { Context, MiddlewareHandler } from 'hono'
import type { RequestTransaction } from '../../db/request-transaction.ts'
import type { Deps } from '../deps.ts'
import { DomainError, invalid } from '../errors.ts'
import { BodyFingerprint } from './body-fingerprint.ts'
import type { AppEnv } from './endpoint.ts'
import { type Claim, claimFor, type StoredResponse } from './idempotency-claim.ts'

const KEY = /^[\x21-\x7e]{1,255}$/
/** The headers that a replay repeats. */
const KEPT_HEADERS = ['content-type', 'etag', 'location']

/**
 * Carries out a POST with an `Idempotency-Key` once. Everything that the handler writes is one
 * transaction, and it also stores the key with its response: a crash leaves both or neither. A request
 * that failed changed nothing and can be repeated with the same key.
 */
export function idempotency(deps: Deps): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const key = c.req.header('idempotency-key')
    if (c.req.method !== 'POST' || key === undefined) return next()
    if (!KEY.test(key)) {
      throw invalid('Idempotency-Key', 'must be 1 to 255 visible ASCII characters')
    }
    const claim = claimFor(deps, c, key)
    const hooks = {
      onBegin: () => claim.acquire(),
      beforeEarlyCommit: async (answer: unknown) => {
        const kept = { status: 202, headers: JSON_TYPE, body: JSON.stringify(answer) }
        await claim.keep(await fingerprintOf(c), kept)
      },
    }
    const once = async (transaction: RequestTransaction) => {
      try {
        await next()
        if (!claim.found) await settle(c, claim, transaction)
      } finally {
        if (!transaction.ended) await transaction.rollback()
      }
    }
    await deps.database.inRequestTransaction(hooks, once, c.get('caller')?.accountId)
    if (claim.found) await replay(c, claim.found, await fingerprintOf(c))
  }
}

const JSON_TYPE = { 'content-type': 'application/json' }

async function settle(
  c: Context<AppEnv>,
  claim: Claim,
  transaction: RequestTransaction,
): Promise<void> {
  const { status } = c.res
  if (transaction.ended) {
    // The transaction was committed early, so the run goes on whatever the response is.
    if (status < 500) await claim.replace(await storedResponse(c))
    return
  }
  if (status >= 500) return
  if (status < 400 && transaction.begun) {
    await claim.keep(await fingerprintOf(c), await storedResponse(c))
  }
  await transaction.commit()
}

/** The response as it is stored: without the body if that shows a secret. */
async function storedResponse(c: Context<AppEnv>): Promise<StoredResponse> {
  const { status, headers } = c.res
  const kept = KEPT_HEADERS.flatMap((name) => {
    const value = headers.get(name)
    return value === null ? [] : [[name, value]]
  })
  const isText = status === 204 || (headers.get('content-type') ?? '').includes('json')
  const body = c.get('showsSecret') || !isText ? null : await c.res.clone().text()
  return { status, headers: Object.fromEntries(kept), body }
}

async function replay(
  c: Context<AppEnv>,
  found: NonNullable<Claim['found']>,
  fingerprint: string,
): Promise<void> {
  if (found.fingerprint !== fingerprint) {
    throw new DomainError(
      'idempotency_key_reused',
      'This Idempotency-Key was already used for another request. Use a new key for each request.',
    )
  }
  if (found.body === null) {
    throw new DomainError(
      'already_done',
      'This request was already carried out. Its response showed a secret, so it was not stored. If you lost the secret, revoke it and create a new one.',
    )
  }
  const headers = new Headers({ ...found.headers, 'idempotent-replayed': 'true' })
  c.res = new Response(found.status === 204 ? null : found.body, { status: found.status, headers })
}

/** The fingerprint of the request. Its body was received before the transaction began. */
async function fingerprintOf(c: Context<AppEnv>): Promise<string> {
  const streamed = c.get('bodyFingerprint')
  if (streamed) return streamed
  const fingerprint = openFingerprint(c)
  await fingerprint.add(Buffer.from(await c.req.text()))
  return fingerprint.end()
}

/** `boundary`: that of a form, which differs when the form is sent again. */
export function openFingerprint(c: Context<AppEnv>, boundary?: string): BodyFingerprint {
  const { pathname, search } = new URL(c.req.url)
  return new BodyFingerprint(`POST ${pathname.replace(/\/$/, '')}${search}`, boundary)
}
