import dns from 'node:dns/promises'
import type { Resolve } from './address.ts'

/** For IPv4 and IPv6 together. */
const LIMIT_MS = 5000
const QUERY = { timeout: 1500, tries: 2 }
/** Responses that mean that a name has no address of this kind. */
const NONE = new Set([dns.NODATA, dns.NOTFOUND])

/**
 * Asks DNS directly. The system’s resolver runs on threads that all accounts share: two names whose
 * servers never answer would block every other look-up. `servers` are host:port pairs; the system’s
 * own by default.
 */
export function resolveByDns(servers?: string[]): Resolve {
  return async (hostname) => {
    if (hostname === 'localhost' || hostname.endsWith('.localhost')) return ['127.0.0.1', '::1']
    const resolver = new dns.Resolver(QUERY)
    if (servers) resolver.setServers(servers)
    const limit = setTimeout(() => resolver.cancel(), LIMIT_MS)
    try {
      return addressesIn(
        await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]),
      )
    } finally {
      clearTimeout(limit)
    }
  }
}

/** Returns the IPv4 and IPv6 addresses. If neither lookup finds any, throws a lookup failure in preference to “not found”. */
function addressesIn(results: PromiseSettledResult<string[]>[]): string[] {
  const found = results.flatMap((one) => (one.status === 'fulfilled' ? one.value : []))
  if (found.length > 0) return found
  const reasons = results.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
  const failed = reasons.find(({ code }) => !NONE.has(code))
  if (failed?.code === dns.CANCELLED) throw Object.assign(failed, { code: dns.TIMEOUT })
  throw failed ?? reasons[0]
}

/** Asks the system, with its hosts file and search domains. For names that an operator allows. */
export const resolveBySystem: Resolve = async (hostname) =>
  (await dns.lookup(hostname, { all: true, order: 'verbatim' })).map(({ address }) => address)
