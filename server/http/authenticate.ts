import type { Context, MiddlewareHandler } from 'hono'
import { audit } from '../audit.ts'
import type { AccessClaims } from '../auth/tokens.ts'
import type { Deps } from '../deps.ts'
import { DomainError, notFound } from '../errors.ts'
import type { Caller } from './caller.ts'
import type { AppEnv } from './endpoint.ts'

/**
 * Reads who is calling from the token, without a query: the database's door checks in the same round
 * trip as the first one that the user still stands. Routes decide whether a caller is needed.
 */
export function authenticate({ tokens, doors }: Deps): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const [scheme, token] = (c.req.header('authorization') ?? '').split(' ')
    if (scheme?.toLowerCase() === 'bearer' && token) {
      const claims = await tokens.verify(token).catch(refusal)
      if (claims instanceof DomainError) c.set('refusal', claims)
      else c.set('caller', await callerWith(claims, c))
    }
    await next()
  }

  async function callerWith(claims: AccessClaims, c: Context<AppEnv>): Promise<Caller> {
    const requestId = c.get('requestId')
    const named = c.req.header('x-account-id')
    if (named === undefined || named === String(claims.accountId)) {
      return callerIn(claims.accountId, claims, requestId)
    }
    const staff = callerIn(namedAccount(named), claims, requestId)
    // In a customer's account: refused by the door to all but platform staff, and on record.
    await doors.withAccount(staff.scope, (tx) =>
      audit(tx, {
        accountId: staff.accountId,
        userId: staff.userId,
        requestId,
        action: 'platform.request',
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
  const user = { id: claims.userId, role: claims.role }
  return { ...claims, accountId, scope: { accountId, user }, requestId }
}

function namedAccount(text: string): number {
  const id = Number(text)
  if (!/^[1-9]\d{0,15}$/.test(text) || !Number.isSafeInteger(id)) throw notFound()
  return id
}
