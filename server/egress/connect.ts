import type { LookupFunction } from 'node:net'
import { buildConnector } from 'undici'
import { checkedAddresses, type Resolve } from './address.ts'
import { EgressError } from './error.ts'

/** Failures of TCP. Any other failure before the connection is established is one of TLS. */
const TCP_FAILURES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EADDRNOTAVAIL',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'EPIPE',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
])

/**
 * Makes every connection: resolves the name once, checks each address, and connects the socket to
 * one of these and no other. SNI, the certificate check and Host keep the name. Whatever fails here
 * was not sent.
 */
export function guardedConnector(options: {
  allowed: ReadonlySet<string>
  resolve: Resolve
  /** For hosts in `allowed`. */
  resolveAllowed: Resolve
  connectTimeoutMs: number
}): buildConnector.connector {
  return (target, callback) => {
    const fail = (error: Error & { code?: string }) =>
      callback(error instanceof EgressError ? error : connectError(target, error), null)
    const { allowed } = options
    const name = named(target)
    const resolve = allowed.has(name.hostPort) ? options.resolveAllowed : options.resolve
    checkedAddresses(name, allowed, resolve).then((addresses) => {
      const connect = buildConnector({
        timeout: options.connectTimeoutMs,
        lookup: lookupAmong(addresses),
        autoSelectFamily: true,
      } as buildConnector.BuildOptions)
      connect(target, (...[error, socket]) => (error ? fail(error) : callback(null, socket!)))
    }, fail)
  }
}

function named(target: buildConnector.Options) {
  const hostname = target.hostname.includes(':') ? `[${target.hostname}]` : target.hostname
  const port = target.port || (target.protocol === 'https:' ? '443' : '80')
  return { hostname, hostPort: `${hostname}:${port}`, origin: originOf(target) }
}

function lookupAmong(addresses: string[]): LookupFunction {
  const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  return (_hostname, { all }, callback) =>
    all ? callback(null, found) : callback(null, found[0]!.address, found[0]!.family)
}

function connectError(
  target: buildConnector.Options,
  error: Error & { code?: string },
): EgressError {
  const code = error.code ?? error.name
  const origin = originOf(target)
  if (TCP_FAILURES.has(code)) {
    const problem = `igny8 could not connect to ${origin} (${code}).`
    const remedy = 'Check that the address is right and that the server is up.'
    return new EgressError('egress_connect_failed', problem, remedy, false)
  }
  const problem = `igny8 could not open a secure connection to ${origin} (${code}).`
  const remedy =
    'Check that the certificate is valid for this name, has not expired, and comes with its intermediate certificates.'
  return new EgressError('egress_tls_failed', problem, remedy, false)
}

function originOf(target: buildConnector.Options): string {
  return `${target.protocol}//${target.host ?? target.hostname}`
}
