import type { IncomingMessage } from 'node:http'
import ipaddr from 'ipaddr.js'

/**
 * The IP address of the client: the peer, or behind `trusted` proxies (addresses or networks) the last
 * address in `X-Forwarded-For` that is not a trusted proxy. Clients can forge the addresses before it.
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
