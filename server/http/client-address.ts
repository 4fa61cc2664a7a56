import type { IncomingMessage } from 'node:http'
import ipaddr from 'ipaddr.js'

/**
 * The address of who is calling: the peer, or behind proxies of `trusted` (addresses or networks) the
 * last one in `X-Forwarded-For` that is none of them. What stands before it anybody may have written.
 */
export function clientAddress(trusted: string[]): (request: Request, env: unknown) => string {
  const networks = trusted.map((text) =>
    text.includes('/')
      ? ipaddr.parseCIDR(text)
      : ([ipaddr.parse(text), ipaddr.parse(text).toByteArray().length * 8] as const),
  )
  const isTrusted = (address: string) => {
    if (!ipaddr.isValid(address)) return false
    const parsed = ipaddr.process(address)
    return networks.some(([net, bits]) => net.kind() === parsed.kind() && parsed.match(net, bits))
  }
  return (request, env) => {
    const { incoming } = (env ?? {}) as { incoming?: IncomingMessage }
    const peer = incoming?.socket.remoteAddress ?? ''
    if (!isTrusted(peer)) return peer
    const passed = (request.headers.get('x-forwarded-for') ?? '')
      .split(',')
      .map((one) => one.trim())
    return passed.findLast((one) => ipaddr.isValid(one) && !isTrusted(one)) ?? peer
  }
}
