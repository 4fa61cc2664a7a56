import type { MiddlewareHandler } from 'hono'
import { audit } from '../audit.ts'
import type { Deps } from '../deps.ts'
import { notFound } from '../errors.ts'
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
      const claims = await tokens.verify(token)
      const caller = callerIn(claims.accountId)
      const named = c.req.header('x-account-id')
      if (named !== undefined && named !== String(claims.accountId)) {
        await actIn(namedAccount(named))
      } else {
        c.set('caller', caller)
      }

      function callerIn(accountId: number): Caller {
        const user = { id: claims.userId, role: claims.role }
        const scope = { accountId, user }
        return { ...claims, accountId, scope, requestId: c.get('requestId') }
      }

      /** Platform staff in a customer's account: refused by the door to anybody else, and on record. */
      async function actIn(accountId: number) {
        const staff = callerIn(accountId)
        await doors.withAccount(staff.scope, (tx) =>
          audit(tx, {
            accountId,
            userId: claims.userId,
            requestId: staff.requestId,
            action: 'platform.request',
            detail: { method: c.req.method, path: c.req.path },
          }),
        )
        c.set('caller', staff)
      }
    }
    await next()
  }
}

function namedAccount(text: string): number {
  const id = Number(text)
  if (!/^[1-9]\d{0,15}$/.test(text) || !Number.isSafeInteger(id)) throw notFound()
  return id
}
