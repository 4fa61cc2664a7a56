import { z } from 'zod'
import type { Secrets } from '../secrets.ts'
import { siteBridgeKeys } from './secret-places.ts'

/** For so long a key that was replaced stays good, in seconds: what is on its way still verifies. */
export const OVERLAP_S = 86_400
const MAX_KEYS = 4

/** What a site shares with its plugin, newest first; `until` is in milliseconds since 1970. */
const Keys = z.array(z.object({ key: z.string(), until: z.number().nullable() }))
type Site = { accountId: number; siteId: number }

/** The keys that are good now; what is sent is signed with the first. Throws `SecretUnreadableError`. */
export async function openBridgeKeys(
  secrets: Secrets,
  { accountId, siteId }: Site,
  sealed: string,
): Promise<string[]> {
  const text = await secrets.open(siteBridgeKeys(accountId, siteId), sealed)
  return Keys.parse(JSON.parse(text)).flatMap(({ key, until }) =>
    until === null || until > Date.now() ? [key] : [],
  )
}

/** Encrypts a new key, with those before it for the time of the overlap. */
export function sealBridgeKeys(
  secrets: Secrets,
  { accountId, siteId }: Site,
  key: string,
  before: string[],
): Promise<string> {
  const until = Date.now() + OVERLAP_S * 1000
  const older = before.map((old) => ({ key: old, until }))
  const keys: z.infer<typeof Keys> = [{ key, until: null }, ...older].slice(0, MAX_KEYS)
  return secrets.seal(siteBridgeKeys(accountId, siteId), JSON.stringify(keys))
}
