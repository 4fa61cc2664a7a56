import type { Context, MiddlewareHandler } from 'hono'
import type { Deps } from '../deps.ts'
import { DomainError } from '../errors.ts'
import type { AppEnv } from './endpoint.ts'
import { networkOf } from './network.ts'

const WINDOW_SECONDS = 60

/**
 * Limits requests per account or address in fixed windows of a minute, counted in this process; a `limit`
 * of 0 disables it. Sends the headers of draft-ietf-httpapi-ratelimit-headers-10.
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

/** Runs before any query to the database. */
export function limitAddresses({ clientAddress, settings }: Deps): MiddlewareHandler<AppEnv> {
  return limiter('address', settings.rateLimits.address, (c) =>
    networkOf(clientAddress(c.req.raw, c.env)),
  )
}

/** For authenticated callers. */
export function limitAccounts({ settings }: Deps): MiddlewareHandler<AppEnv> {
  return limiter('account', settings.rateLimits.account, (c) =>
    c.get('caller')?.accountId.toString(),
  )
}

function tooMany(policy: string, limit: number, seconds: number): DomainError {
  return new DomainError(
    'rate_limited',
    `This ${policy} sent more than ${limit} requests in a minute. Try again in ${seconds} seconds.`,
    { headers: { 'retry-after': String(seconds) } },
  )
}
