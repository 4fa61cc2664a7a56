import { randomToken, sha256 } from '../security/secrets.ts'

/** igny8_<account id>_<256 bits in base64url><checksum>. Secret scanners recognise the prefix; the checksum detects typing errors. */
const FORMAT = /^(igny8_([1-9]\d{0,15})_[\w-]{43})([0-9a-f]{8})$/
const CHECKSUM_LENGTH = 8

/** A new key and its SHA-256. Only the hash is stored. */
export async function newApiKey(accountId: number): Promise<{ key: string; hash: string }> {
  const secret = randomToken(`igny8_${accountId}_`)
  const key = secret + (await checksum(secret))
  return { key, hash: await sha256(key) }
}

export function looksLikeApiKey(token: string): boolean {
  return token.startsWith('igny8_')
}

/** The account id in a key, and its hash; undefined if it is not a key. The database decides whether it is valid. */
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
