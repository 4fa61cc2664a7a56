import ipaddr from 'ipaddr.js'

/**
 * The network by which callers are counted: an IPv4 address by itself, an IPv6 address by the /64
 * around it, all of which one subscriber has.
 */
export function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address
  const parsed = ipaddr.process(address)
  if (!(parsed instanceof ipaddr.IPv6)) return parsed.toString()
  const groups = parsed.parts.slice(0, 4).map((part) => part.toString(16))
  return `${groups.join(':')}::/64`
}
