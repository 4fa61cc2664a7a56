import { eq } from 'drizzle-orm'
import { z } from 'zod'
import type { Tx } from '../../db/database.ts'
import { sites } from '../../db/schema/sites.ts'
import { newKey } from '../../wp-bridge/client/http/sign.ts'
import { type Secrets, SecretUnreadableError } from '../security/secrets.ts'
import { siteBridgeKeysContext } from './site-secrets.ts'

/** How long a replaced key stays valid, in seconds, so that webhooks in transit still verify. */
export const OVERLAP_S = 86_400
/** A key older than this is replaced when the plugin is looked at: milliseconds. */
const MAX_AGE_MS = 90 * 86_400_000
const MAX_KEYS = 4

/**
 * What a site shares with its plugin, newest first; times in milliseconds since 1970. Without `until` a
 * key is in use. Two are while it is not known whether the plugin has taken the newest: both verify, and
 * webhooks are signed with both.
 */
const Keys = z.array(z.object({ key: z.string(), until: z.number().nullable(), since: z.number() }))
export type BridgeKey = z.infer<typeof Keys>[number]
type Site = { accountId: number; siteId: number }

/** The keys that are good now, newest first. Throws `SecretUnreadableError`. */
export async function openBridgeKeys(
  secrets: Secrets,
  { accountId, siteId }: Site,
  sealed: string,
): Promise<BridgeKey[]> {
  const text = await secrets.open(siteBridgeKeysContext(accountId, siteId), sealed)
  const { data: keys, error } = Keys.safeParse(JSON.parse(text))
  if (error) throw new SecretUnreadableError('the stored keys of the plugin have an unknown form')
  return keys.filter(({ until }) => until === null || until > Date.now())
}

export const inUse = ({ until }: BridgeKey) => until === null

/**
 * The key that the plugin of the WordPress at `restRoot` is to have: a new one when there is none, when
 * `rotate` asks for it or the present one is old; the one that an earlier attempt has begun with, if that did
 * not end. It is stored before the plugin gets it. Undefined when the site is linked to another WordPress.
 */
export async function intendBridgeKey(
  tx: Tx,
  secrets: Secrets,
  site: Site,
  { restRoot, rotate }: { restRoot: string; rotate: boolean },
): Promise<BridgeKey | undefined> {
  const row = await lockSite(tx, site)
  if (row?.wp_rest_root !== restRoot) return undefined
  const keys = await readKeys(secrets, site, row.wp_bridge_keys)
  const newest = keys[0]
  const isBegun = keys.filter(inUse).length > 1
  const isGood = newest && !rotate && newest.since > Date.now() - MAX_AGE_MS
  if (newest && (isBegun || isGood)) return newest
  const key = { key: newKey(), until: null, since: Date.now() }
  await storeKeys(tx, secrets, site, [key, ...keys])
  return key
}

/** Notes that the plugin has a key: those before it are good for the time of the overlap. */
export async function confirmBridgeKey(
  tx: Tx,
  secrets: Secrets,
  site: Site,
  key: string,
): Promise<void> {
  const row = await lockSite(tx, site)
  const keys = await readKeys(secrets, site, row?.wp_bridge_keys ?? null)
  const at = keys.findIndex((one) => one.key === key)
  if (at < 0) return
  const end = Date.now() + OVERLAP_S * 1000
  const changed = keys.map((one, place) => (place > at ? { ...one, until: one.until ?? end } : one))
  await storeKeys(tx, secrets, site, changed)
}

/** Forgets a key that the plugin has refused. */
export async function withdrawBridgeKey(
  tx: Tx,
  secrets: Secrets,
  site: Site,
  key: string,
): Promise<void> {
  const row = await lockSite(tx, site)
  const keys = await readKeys(secrets, site, row?.wp_bridge_keys ?? null)
  const others = keys.filter((one) => one.key !== key)
  if (others.length < keys.length) await storeKeys(tx, secrets, site, others)
}

async function lockSite(tx: Tx, { siteId }: Site) {
  const [row] = await tx.select().from(sites).where(eq(sites.id, siteId)).for('no key update')
  return row
}

async function readKeys(secrets: Secrets, site: Site, sealed: string | null): Promise<BridgeKey[]> {
  try {
    return sealed === null ? [] : await openBridgeKeys(secrets, site, sealed)
  } catch (error) {
    if (error instanceof SecretUnreadableError) return []
    throw error
  }
}

async function storeKeys(tx: Tx, secrets: Secrets, site: Site, keys: BridgeKey[]): Promise<void> {
  const place = siteBridgeKeysContext(site.accountId, site.siteId)
  const kept = JSON.stringify(keys.slice(0, MAX_KEYS))
  const wp_bridge_keys = keys.length === 0 ? null : await secrets.seal(place, kept)
  await tx.update(sites).set({ wp_bridge_keys }).where(eq(sites.id, site.siteId))
}
