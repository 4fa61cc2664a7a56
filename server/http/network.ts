import ipaddr from 'ipaddr.js'

/**
 * The network that limits count by: the address itself for IPv4, the /64 for IPv6, since a subscriber
 * has the whole /64.
 */
export function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address
  const parsed = ipaddr.process(address)
  if (!(parsed instanceof ipaddr.IPv6)) return parsed.toString()
  const groups = parsed.parts.slice(0, 4).map((part) => part.toString(16))
  return `${groups.join(':')}::/64`
}
