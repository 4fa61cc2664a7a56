import net from 'node:net'
import ipaddr from 'ipaddr.js'
import { EgressError } from './error.ts'

/** Resolves a name to all its addresses, as IP literals. Rejects with Node’s own DNS error. */
export type Resolve = (hostname: string) => Promise<string[]>

/**
 * The IPv6 addresses that IANA assigns as global unicast. All others are private, tunnelled or
 * translated.
 */
const GLOBAL_IPV6 = ipaddr.parseCIDR('2000::/3') as [ipaddr.IPv6, number]

/**
 * Azure’s WireServer: it gives out credentials of the machine, at an address that looks public.
 * https://learn.microsoft.com/en-us/azure/virtual-network/what-is-ip-address-168-63-129-16
 */
const WIRE_SERVER = '168.63.129.16'

/**
 * Whether an IP literal is an ordinary address of the public internet: in none of IANA’s
 * special-purpose registries, and not one at which a cloud serves its machines. A test checks every
 * entry of the registries.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.parse(address)
  if (parsed.range() !== 'unicast' || parsed.toString() === WIRE_SERVER) return false
  return parsed.kind() === 'ipv4' || (parsed as ipaddr.IPv6).match(GLOBAL_IPV6)
}

/** host:port as in a parsed URL: lower case, IPv6 in brackets, always with the port. */
function hostAndPort(url: URL): string {
  return `${url.hostname}:${url.port || (url.protocol === 'https:' ? '443' : '80')}`
}

/** Parses an allow-list into the form of `hostAndPort`. Throws a TypeError for an invalid entry. */
export function parseAllowList(entries: string[]): ReadonlySet<string> {
  return new Set(entries.map((entry) => hostAndPort(new URL(`http://${entry}`))))
}

/** Parses a user-supplied address. Accepts http and https only, without credentials. */
export function parseTarget(input: string | URL): URL {
  const url = URL.parse(input)
  if (!url) throw badUrl('The address is not a URL.', 'Write it as https://example.com.')
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw badUrl('The address is not on http or https.', 'Write it as https://example.com.')
  }
  if (url.username || url.password) {
    throw badUrl('The address holds a user name or password.', 'Remove the part before the @.')
  }
  return url
}

/**
 * Returns the addresses that a connection may go to. Every address is checked: one private address
 * among public ones refuses them all. The URL parser has already normalised every notation of IPv4
 * (decimal, octal, hex, short). `hostname` is as in a URL; `origin` is for messages.
 */
export async function checkedAddresses(
  target: { hostname: string; hostPort: string; origin: string },
  allowed: ReadonlySet<string>,
  resolve: Resolve,
): Promise<string[]> {
  const literal = literalOf(target.hostname)
  const addresses = net.isIP(literal) ? [literal] : await resolveName(target, resolve)
  refuseUnlessPublic(target.origin, addresses, allowed.has(target.hostPort))
  return addresses
}

async function resolveName(
  target: { hostname: string; origin: string },
  resolve: Resolve,
): Promise<string[]> {
  const { addresses, reason } = await resolve(target.hostname).then(
    (addresses) => ({ addresses, reason: 'no address' }),
    (error: NodeJS.ErrnoException) => ({ addresses: [], reason: error.code ?? 'no answer' }),
  )
  if (addresses.length > 0) return addresses
  throw new EgressError(
    'egress_dns_failed',
    `DNS has no address for ${target.origin} (${reason}).`,
    'Check the spelling of the name and its DNS records.',
    false,
  )
}

function refuseUnlessPublic(origin: string, addresses: string[], isAllowed: boolean): void {
  if (isAllowed || addresses.every(isPublicAddress)) return
  throw new EgressError(
    'egress_address_not_allowed',
    `${origin} is at a private or reserved address, which igny8 does not call.`,
    'Use an address on the public internet, or ask the operator to add its host:port to IGNY8_ALLOW_PRIVATE_SITES.',
    false,
  )
}

function literalOf(hostname: string): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
}

function badUrl(problem: string, remedy: string): EgressError {
  return new EgressError('egress_bad_url', problem, remedy, false)
}
