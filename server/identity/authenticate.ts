import type { Context, MiddlewareHandler } from 'hono'
import type { Deps } from '../deps.ts'
import { DomainError, notFound, tokenInvalid } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import type { AppEnv } from '../http/endpoint.ts'
import { audit } from '../observability/audit.ts'
import { cacheApiKeys } from './api-key-cache.ts'
import { looksLikeApiKey, readApiKey } from './api-key-token.ts'
import { noteKeyUse } from './key-use.ts'
import type { AccessClaims } from './tokens.ts'

/**
 * Reads the caller from the access token or from an existing API key. The database checks that the user or
 * key is still valid, in the same round trip as the first query. Routes decide whether a caller is required.
 */
export function authenticate({ tokens, database, logger }: Deps): MiddlewareHandler<AppEnv> {
  const noteUse = noteKeyUse(database, logger)
  const isKnown = cacheApiKeys(database)
  return async (c, next) => {
    const [scheme, token] = (c.req.header('authorization') ?? '').split(' ')
    if (scheme?.toLowerCase() !== 'bearer' || !token) return next()
    if (looksLikeApiKey(token)) return withKey(token, c, next)
    const claims = await tokens.verify(token).catch(refusal)
    if (claims instanceof DomainError) c.set('refusal', claims)
    else {
      c.set('caller', await callerWith(claims, c))
      c.set('ownScope', callerIn(claims.accountId, claims, '').scope)
    }
    return next()
  }

  async function withKey(token: string, c: Context<AppEnv>, next: () => Promise<void>) {
    const key = await readApiKey(token)
    if (!key || !(await isKnown(key.accountId, key.hash))) {
      c.set('refusal', tokenInvalid())
      return next()
    }
    c.set('caller', callerOfKey(key, c))
    await next()
    // Not awaited, so that a busy database does not delay the response.
    if (c.res.status < 400) void noteUse(key.accountId, key.hash)
  }

  async function callerWith(claims: AccessClaims, c: Context<AppEnv>): Promise<Caller> {
    const requestId = c.get('requestId')
    const named = c.req.header('x-account-id')
    if (named === undefined || named === String(claims.accountId)) {
      return callerIn(claims.accountId, claims, requestId)
    }
    const staff = callerIn(namedAccount(named), claims, requestId)
    // In a customer's account: the database refuses everyone but platform staff, and it is audited.
    await database.withAccount(staff.scope, (tx) =>
      audit(tx, staff, 'platform.request', {
        detail: { method: c.req.method, path: c.req.path },
      }),
    )
    return staff
  }
}

/** A token that has expired must not keep its owner from refreshing it or signing in again. */
function refusal(error: unknown): DomainError {
  if (error instanceof DomainError) return error
  throw error
}

function callerIn(accountId: number, claims: AccessClaims, requestId: string): Caller {
  const { userId, role, isStaff, version } = claims
  const scope = { accountId, user: { id: userId, role, version } }
  return { actor: 'user', userId, role, isStaff, accountId, scope, requestId }
}

/** An API key belongs to one account and cannot name another. */
function callerOfKey(key: { accountId: number; hash: string }, c: Context<AppEnv>): Caller {
  const { accountId, hash } = key
  const named = c.req.header('x-account-id')
  if (named !== undefined && named !== String(accountId)) throw notFound()
  return {
    actor: 'api_key',
    userId: null,
    role: 'system_bot',
    isStaff: false,
    accountId,
    scope: { accountId, apiKey: { hash } },
    requestId: c.get('requestId'),
  }
}

function namedAccount(text: string): number {
  const id = Number(text)
  if (!/^[1-9]\d{0,15}$/.test(text) || !Number.isSafeInteger(id)) throw notFound()
  return id
}
