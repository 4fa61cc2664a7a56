const IV_BYTES = 12
const encoder = new TextEncoder()

/** Every column that holds sealed secrets; each table has `account_id` and `id`. */
export const SEALED_COLUMNS = [
  { table: 'sites', column: 'wp_app_password' },
  { table: 'sites', column: 'wp_bridge_keys' },
  { table: 'integration_settings', column: 'api_key' },
  { table: 'integration_settings', column: 'client_secret' },
  { table: 'integration_settings', column: 'refresh_token' },
  { table: 'runs', column: 'secret' },
] as const
export type SealedColumn = (typeof SEALED_COLUMNS)[number]

/** Where a secret is stored. The blob is bound to it and does not decrypt anywhere else. */
export type SecretContext = SealedColumn & { accountId: number; rowId: number }

/** The key is missing, the blob was altered, or it was copied from another row. */
export class SecretUnreadableError extends Error {}

export type Secrets = {
  /** Encrypts with the newest key. The blob names its key: `v1.<key id>.<iv>.<ciphertext>`. */
  seal(place: SecretContext, plain: string): Promise<string>
  /** Throws `SecretUnreadableError`. */
  open(place: SecretContext, blob: string): Promise<string>
  /** The prefix of every blob that `seal` returns. */
  newest: string
  /** Derives keys for another purpose, newest first, with their ids. */
  derive(purpose: string): Promise<{ id: string; key: Uint8Array<ArrayBuffer> }[]>
}

/** Encrypts secrets at rest with AES-256-GCM, with keys derived from `secretKeys` (newest first). */
export async function openSecrets(secretKeys: string[]): Promise<Secrets> {
  const keys = await Promise.all(
    secretKeys.map(async (secret) => ({ id: await keyId(secret), aes: await aesKey(secret) })),
  )
  const newest = keys[0]
  if (!newest) throw new Error('no secret key')
  return {
    newest: `v1.${newest.id}.`,
    async seal(place, plain) {
      const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES))
      const sealed = await crypto.subtle.encrypt(
        algorithm(iv, place),
        newest.aes,
        encoder.encode(plain),
      )
      return ['v1', newest.id, toBase64(iv), toBase64(new Uint8Array(sealed))].join('.')
    },
    async open(place, blob) {
      const [version, id, iv, sealed] = blob.split('.')
      const key = keys.find((known) => known.id === id)
      if (version !== 'v1' || !key || !iv || !sealed) throw new SecretUnreadableError('no such key')
      try {
        const plain = await crypto.subtle.decrypt(
          algorithm(fromBase64(iv), place),
          key.aes,
          fromBase64(sealed),
        )
        return new TextDecoder().decode(plain)
      } catch (error) {
        throw new SecretUnreadableError('not sealed here', { cause: error })
      }
    },
    derive: (purpose) =>
      Promise.all(
        secretKeys.map(async (secret, index) => ({
          id: keys[index]?.id ?? '',
          key: new Uint8Array(await hkdf(secret, purpose)),
        })),
      ),
  }
}

function algorithm(iv: Uint8Array<ArrayBuffer>, place: SecretContext): AesGcmParams {
  const bound = [place.table, place.column, place.accountId, place.rowId].join('\u2016')
  return { name: 'AES-GCM', iv, additionalData: encoder.encode(bound) }
}

async function hkdf(secret: string, purpose: string): Promise<ArrayBuffer> {
  const base = await crypto.subtle.importKey('raw', encoder.encode(secret), 'HKDF', false, [
    'deriveBits',
  ])
  const info = encoder.encode(`igny8 ${purpose}`)
  return crypto.subtle.deriveBits(
    { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info },
    base,
    256,
  )
}

async function aesKey(secret: string): Promise<CryptoKey> {
  const bits = await hkdf(secret, 'encryption at rest')
  return crypto.subtle.importKey('raw', bits, 'AES-GCM', false, ['encrypt', 'decrypt'])
}

async function keyId(secret: string): Promise<string> {
  return Buffer.from(await hkdf(secret, 'key id'))
    .toString('hex')
    .slice(0, 8)
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text, 'base64url'))
}

/** SHA-256 in hexadecimal. Tokens and addresses are stored in this form. */
export async function sha256(text: string): Promise<string> {
  return Buffer.from(await crypto.subtle.digest('SHA-256', encoder.encode(text))).toString('hex')
}

/** A random token of 256 bits that starts with `prefix`. */
export function randomToken(prefix: string): string {
  return prefix + toBase64(crypto.getRandomValues(new Uint8Array(32)))
}
