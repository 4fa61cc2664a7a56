import type { Context, MiddlewareHandler } from 'hono'
import type { JoinedTransaction } from '../../db/joined.ts'
import type { Deps } from '../deps.ts'
import { DomainError, invalid } from '../errors.ts'
import { BodyFingerprint } from './body-fingerprint.ts'
import type { AppEnv } from './endpoint.ts'
import { type Answer, type Claim, claimFor } from './idempotency-claim.ts'

const KEY = /^[\x21-\x7e]{1,255}$/
/** What a replay repeats beside the body. */
const KEPT_HEADERS = ['content-type', 'etag', 'location']

/**
 * Carries out a POST with an `Idempotency-Key` once. All that the handler writes is one transaction,
 * and the key with its answer is written in it: after a kill at any instruction either both are there
 * or neither is. What was refused did nothing, and may be tried again with the same key.
 */
export function idempotency(deps: Deps): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const key = c.req.header('idempotency-key')
    if (c.req.method !== 'POST' || key === undefined) return next()
    if (!KEY.test(key)) {
      throw invalid('Idempotency-Key', 'must be 1 to 255 visible ASCII characters')
    }
    const body = await readableBody(c)
    const claim = claimFor(deps, c, key)
    const bookkeeping = {
      first: () => claim.look(),
      early: async (answer: unknown) => {
        const kept = { status: 202, headers: JSON_TYPE, body: JSON.stringify(answer) }
        await claim.keep(await body.fingerprint(), kept)
      },
    }
    await deps.doors.joined(bookkeeping, async (transaction) => {
      try {
        await next()
        if (!claim.found) await settle(c, claim, transaction, body)
      } finally {
        if (!transaction.over) await transaction.rollback()
      }
    })
    if (claim.found) await replay(c, claim.found, await body.fingerprint())
    await body.close()
  }
}

const JSON_TYPE = { 'content-type': 'application/json' }

async function settle(
  c: Context<AppEnv>,
  claim: Claim,
  transaction: JoinedTransaction,
  body: ReadableBody,
): Promise<void> {
  const { status } = c.res
  if (transaction.over) {
    // Committed early, so that the work goes on whatever this answer is.
    if (status < 500) await claim.replace(await answerOf(c))
    return
  }
  if (status >= 500) return
  if (status < 400 && transaction.begun) {
    await claim.keep(await body.fingerprint(), await answerOf(c))
  }
  await transaction.commit()
}

/** The answer as it is kept: without its body when that shows a secret. */
async function answerOf(c: Context<AppEnv>): Promise<Answer> {
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
      'This Idempotency-Key was sent before with another request. Take a new key for each.',
    )
  }
  if (found.body === null) {
    throw new DomainError(
      'already_done',
      'This request was carried out before. Its answer showed a secret and was not kept.',
    )
  }
  const headers = new Headers({ ...found.headers, 'idempotent-replayed': 'true' })
  c.res = new Response(found.status === 204 ? null : found.body, { status: found.status, headers })
}

/** A request's body, which the handler reads and of which a fingerprint is taken. */
type ReadableBody = {
  /** Reads what the handler has not. */
  fingerprint(): Promise<string>
  close(): Promise<void>
}

async function readableBody(c: Context<AppEnv>): Promise<ReadableBody> {
  const { pathname, search } = new URL(c.req.url)
  const beginning = `POST ${pathname.replace(/\/$/, '')}${search}`
  const type = c.req.header('content-type') ?? ''
  const boundary = /^multipart\/form-data\s*;.*\bboundary=(?:"([^"]+)"|([^\s;]+))/i.exec(type)
  const taken = new BodyFingerprint(beginning, boundary?.[1] ?? boundary?.[2])
  if (!boundary) {
    await taken.add(new Uint8Array(await c.req.arrayBuffer()))
    return { fingerprint: once(() => taken.end()), close: async () => {} }
  }
  return streamedBody(c, taken)
}

/** Read as the handler reads it: it may be a large file. */
function streamedBody(c: Context<AppEnv>, taken: BodyFingerprint): ReadableBody {
  const reader = c.req.raw.body?.getReader()
  async function pull(): Promise<Uint8Array | undefined> {
    const { value } = (await reader?.read()) ?? {}
    if (value) await taken.add(value)
    return value
  }
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const chunk = await pull()
      if (chunk) controller.enqueue(chunk)
      else controller.close()
    },
    // The rest is still wanted: its fingerprint says whether the request is a repeated one.
    cancel() {},
  })
  c.req.raw = new Request(c.req.raw, { body, duplex: 'half' } as RequestInit)
  const fingerprint = once(async () => {
    while (await pull());
    return taken.end()
  })
  return { fingerprint, close: async () => reader?.cancel() }
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}
