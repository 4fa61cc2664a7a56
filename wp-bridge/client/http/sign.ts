/** How far the clocks of both sides may differ, in seconds. */
const TOLERANCE = 300

/** The headers of a webhook. */
export interface WebhookHeaders {
  'webhook-id': string
  'webhook-timestamp': string
  'webhook-signature': string
}

/** Generates a key of 32 bytes, written as `whsec_` and base64. */
export function newKey(): string {
  return `whsec_${btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32))))}`
}

/**
 * Signs a body by Standard Webhooks v1: https://github.com/standard-webhooks/standard-webhooks
 * @param keys `whsec_…`; if there are several, the receiver may know any of them
 * @param at milliseconds since 1970
 * @throws TypeError for an invalid key
 */
export async function sign(
  keys: string | readonly string[],
  id: string,
  body: string,
  at: number = Date.now(),
): Promise<WebhookHeaders> {
  const timestamp = `${Math.floor(at / 1000)}`
  const content = signed(id, timestamp, body)
  const signatures = [keys].flat().map(async (key) => {
    const digest = await crypto.subtle.sign('HMAC', await imported(key), content)
    return `v1,${btoa(String.fromCharCode(...new Uint8Array(digest)))}`
  })
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': (await Promise.all(signatures)).join(' '),
  }
}

/**
 * Whether one of the keys signed this body recently. Returns false for missing or malformed
 * headers.
 * @param keys `whsec_…`, those that are valid now
 * @param now milliseconds since 1970
 */
export async function verify(
  keys: string[],
  headers: { get(name: string): string | null },
  body: string,
  now: number = Date.now(),
): Promise<boolean> {
  const id = headers.get('webhook-id') ?? ''
  const timestamp = headers.get('webhook-timestamp') ?? ''
  if (id === '' || id.length > 191 || !/^\d{1,12}$/.test(timestamp)) return false
  if (Math.abs(Math.floor(now / 1000) - Number(timestamp)) > TOLERANCE) return false
  const digests = (headers.get('webhook-signature') ?? '')
    .split(' ')
    .filter((signature) => signature.startsWith('v1,'))
    .map((signature) => bytesOf(signature.slice(3)))
    .filter((digest) => digest !== undefined)
  const content = signed(id, timestamp, body)
  for (const key of keys) {
    const secret = await imported(key)
    for (const digest of digests) {
      if (await crypto.subtle.verify('HMAC', secret, digest, content)) return true
    }
  }
  return false
}

function imported(key: string): Promise<CryptoKey> {
  const bytes = key.startsWith('whsec_') ? bytesOf(key.slice(6)) : undefined
  if (!bytes) throw new TypeError('not a key for webhooks')
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  return crypto.subtle.importKey('raw', bytes, algorithm, false, ['sign', 'verify'])
}

const signed = (id: string, timestamp: string, body: string) =>
  new TextEncoder().encode(`${id}.${timestamp}.${body}`)

function bytesOf(base64: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64) || base64.length % 4 !== 0) return undefined
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
}
