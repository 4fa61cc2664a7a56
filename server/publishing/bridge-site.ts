import { eq } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { bridge_events } from '../../db/schema/bridge.ts'
import { sites } from '../../db/schema/sites.ts'
import { verify } from '../../wp-bridge/client/http/sign.ts'
import type { Deps } from '../deps.ts'
import { DomainError } from '../errors.ts'
import { SecretUnreadableError } from '../security/secrets.ts'
import { type BridgeKey, confirmBridgeKey, inUse, openBridgeKeys } from './bridge-keys.ts'

/** A site whose plugin has signed a request. */
export type BridgeSite = { accountId: number; siteId: number }

/**
 * The site that signed a request. Throws `signature_invalid`, the same for a site that is not there,
 * has no plugin, or did not sign this.
 */
export async function signingSite(
  deps: Deps,
  siteId: number,
  headers: Headers,
  body: string,
): Promise<BridgeSite> {
  const [site] = await deps.database.withPlatform('take_bridge_event', (tx) =>
    tx
      .select({ accountId: sites.account_id, sealed: sites.wp_bridge_keys })
      .from(sites)
      .where(eq(sites.id, siteId)),
  )
  const signer = site && { accountId: site.accountId, siteId }
  const keys = signer && site.sealed ? await keysOf(deps, signer, site.sealed) : []
  const all = keys.map(({ key }) => key)
  if (signer && (await verify(all, headers, body))) {
    await settleKeys(deps, signer, keys, (key) => verify([key], headers, body))
    return signer
  }
  throw new DomainError(
    'signature_invalid',
    'The webhook is not signed with a key of this site, or its timestamp is off. Check both clocks, then pair the plugin again.',
  )
}

/** Notes a webhook of the plugin; false for one that was acted on already. */
export async function isNewWebhook(
  tx: Tx,
  { accountId, siteId }: BridgeSite,
  webhook_id: string,
  type: string,
): Promise<boolean> {
  const noted = await tx
    .insert(bridge_events)
    .values({ account_id: accountId, site_id: siteId, webhook_id, type })
    .onConflictDoNothing()
    .returning({ id: bridge_events.id })
  return noted.length > 0
}

/** A webhook that the newest key signed shows that the plugin has it, whatever became of the pairing. */
async function settleKeys(
  deps: Deps,
  site: BridgeSite,
  keys: BridgeKey[],
  isSignedBy: (key: string) => Promise<boolean>,
): Promise<void> {
  const { key } = keys[0]!
  if (keys.filter(inUse).length < 2 || !(await isSignedBy(key))) return
  await deps.database.withAccount({ accountId: site.accountId }, (tx) =>
    confirmBridgeKey(tx, deps.secrets, site, key),
  )
}

async function keysOf(deps: Deps, site: BridgeSite, sealed: string): Promise<BridgeKey[]> {
  try {
    return await openBridgeKeys(deps.secrets, site, sealed)
  } catch (error) {
    if (error instanceof SecretUnreadableError) return []
    throw error
  }
}
