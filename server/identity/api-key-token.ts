import { randomToken, sha256 } from '../security/secrets.ts'

/** igny8_<account id>_<256 bits in base64url><checksum>: recognisable, and a typing error shows at once. */
const FORMAT = /^(igny8_([1-9]\d{0,15})_[\w-]{43})([0-9a-f]{8})$/
const CHECKSUM_LENGTH = 8

/** A new key, shown once, and its SHA-256, by which it is kept. */
export async function newApiKey(accountId: number): Promise<{ key: string; hash: string }> {
  const secret = randomToken(`igny8_${accountId}_`)
  const key = secret + (await checksum(secret))
  return { key, hash: await sha256(key) }
}

export function looksLikeApiKey(token: string): boolean {
  return token.startsWith('igny8_')
}

/** Whose a key says it is, and its hash; undefined when it is none. The database knows whether it stands. */
export async function readApiKey(
  key: string,
): Promise<{ accountId: number; hash: string } | undefined> {
  const [, secret, account, sum] = FORMAT.exec(key) ?? []
  if (!secret || sum !== (await checksum(secret))) return undefined
  return { accountId: Number(account), hash: await sha256(key) }
}

async function checksum(secret: string): Promise<string> {
  return (await sha256(`checksum ${secret}`)).slice(0, CHECKSUM_LENGTH)
}
