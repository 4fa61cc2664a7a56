import { eq } from 'drizzle-orm'
import { sites } from '../../db/schema/auth.ts'
import { OVERLAP_S, openBridgeKeys, sealBridgeKeys } from '../../server/publishing/bridge-keys.ts'
import { SecretUnreadableError } from '../../server/secrets.ts'
import { bridgeStatus, pairBridge } from '../../wp-bridge/client/bridge.ts'
import { WordPressError } from '../../wp-bridge/client/errors.ts'
import { newKey } from '../../wp-bridge/client/sign.ts'
import type { WordPressApi } from '../../wp-bridge/client/transport.ts'
import type { StepJob } from '../step.ts'

export type PairedPlugin = {
  state: 'absent' | 'paired' | 'failed'
  /** For `wp_bridge_keys`. */
  sealed: string | null
  warnings: string[]
}

/**
 * Shares a new key with a site's plugin, where there is one. A site that is published to works without:
 * what fails here is a warning.
 */
export async function pairPlugin(
  job: StepJob,
  site: { api: WordPressApi; siteId: number; serviceUrl: string },
): Promise<PairedPlugin> {
  const { api, siteId, serviceUrl } = site
  try {
    if (!(await bridgeStatus(api))) return { state: 'absent', sealed: null, warnings: [] }
    const before = await keysOf(job, siteId, api.restRoot)
    const key = newKey()
    const events_url = `${serviceUrl}/api/v1/bridge/${siteId}/events/`
    await pairBridge(api, { site_id: siteId, events_url, key, overlap: OVERLAP_S })
    const { accountId } = job.scope
    const sealed = await sealBridgeKeys(job.deps.secrets, { accountId, siteId }, key, before)
    return { state: 'paired', sealed, warnings: [] }
  } catch (error) {
    if (!(error instanceof WordPressError)) throw error
    const warning = `The igny8 plugin is there but was not paired: ${error.message} ${error.remedy}`
    return { state: 'failed', sealed: null, warnings: [warning] }
  }
}

/** The keys shared so far, with this WordPress: another one's are good no more. */
async function keysOf(job: StepJob, siteId: number, restRoot: string): Promise<string[]> {
  const [site] = await job.read((tx) => tx.select().from(sites).where(eq(sites.id, siteId)))
  if (!site?.wp_bridge_keys || site.wp_rest_root !== restRoot) return []
  const { accountId } = job.scope
  try {
    return await openBridgeKeys(job.deps.secrets, { accountId, siteId }, site.wp_bridge_keys)
  } catch (error) {
    if (error instanceof SecretUnreadableError) return []
    throw error
  }
}
