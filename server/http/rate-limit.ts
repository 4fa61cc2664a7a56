import type { Context, MiddlewareHandler } from 'hono'
import type { Deps } from '../deps.ts'
import { DomainError } from '../errors.ts'
import type { AppEnv } from './endpoint.ts'
import { networkOf } from './network.ts'

const WINDOW_SECONDS = 60

/**
 * Counts the requests of each in the minute that runs, in this process alone, and refuses those past
 * `limit`; 0 refuses none. Says so in the headers of draft-ietf-httpapi-ratelimit-headers-10.
 */
function limiter(
  policy: 'account' | 'address',
  limit: number,
  who: (c: Context<AppEnv>) => string | undefined,
): MiddlewareHandler<AppEnv> {
  const counts = new Map<string, number>()
  let endsAt = 0
  return async (c, next) => {
    const one = limit > 0 ? who(c) : undefined
    if (one === undefined) return next()
    const now = Date.now()
    if (now >= endsAt) {
      counts.clear()
      endsAt = now + WINDOW_SECONDS * 1000
    }
    const count = (counts.get(one) ?? 0) + 1
    counts.set(one, count)
    const seconds = Math.ceil((endsAt - now) / 1000)
    const append = { append: true }
    c.header('ratelimit-policy', `"${policy}";q=${limit};w=${WINDOW_SECONDS}`, append)
    c.header('ratelimit', `"${policy}";r=${Math.max(0, limit - count)};t=${seconds}`, append)
    if (count > limit) throw tooMany(policy, limit, seconds)
    await next()
  }
}

/** Before anything is asked of the database. */
export function limitAddresses({ clientAddress, settings }: Deps): MiddlewareHandler<AppEnv> {
  return limiter('address', settings.rateLimits.address, (c) =>
    networkOf(clientAddress(c.req.raw, c.env)),
  )
}

/** For callers who are known. */
export function limitAccounts({ settings }: Deps): MiddlewareHandler<AppEnv> {
  return limiter('account', settings.rateLimits.account, (c) =>
    c.get('caller')?.accountId.toString(),
  )
}

function tooMany(policy: string, limit: number, seconds: number): DomainError {
  return new DomainError(
    'rate_limited',
    `More than ${limit} requests of one ${policy} in a minute. Go on in ${seconds} seconds.`,
    { headers: { 'retry-after': String(seconds) } },
  )
}
