import { and, eq } from 'drizzle-orm'
import { sites } from '../../../db/schema/sites.ts'
import {
  confirmBridgeKey,
  intendBridgeKey,
  OVERLAP_S,
  withdrawBridgeKey,
} from '../../../server/publishing/bridge-keys.ts'
import { bridgeStatus, pairBridge } from '../../../wp-bridge/client/connect/bridge.ts'
import { WordPressError } from '../../../wp-bridge/client/http/errors.ts'
import type { WordPressApi } from '../../../wp-bridge/client/http/transport.ts'
import type { StepJob } from '../../steps/step.ts'

export type PairedPlugin = {
  state: 'absent' | 'paired' | 'failed'
  warnings: string[]
}
type Target = { api: WordPressApi; siteId: number; serviceUrl: string; rotate: boolean }

/**
 * Shares a key with the plugin of a site, if the site has the plugin. Keeps the existing key unless
 * `rotate` is set, there is no key yet, or the key is old. Publishing works without the plugin, so
 * a failure is a warning and leaves the pairing unchanged. The site must already be linked to this
 * WordPress.
 *
 * The key is stored before the plugin gets it, and parallel calls use the same key. So wherever a
 * call ends, both sides have a key in common, and the next call or webhook settles on it.
 */
export async function pairPlugin(job: StepJob, target: Target): Promise<PairedPlugin> {
  try {
    if (await bridgeStatus(target.api)) return await shareKey(job, target)
    await forgetKeys(job, target)
    return { state: 'absent', warnings: [] }
  } catch (error) {
    if (!(error instanceof WordPressError)) throw error
    const warning = `The igny8 plugin could not be paired: ${error.message} ${error.remedy}`
    return { state: 'failed', warnings: [warning] }
  }
}

async function shareKey(job: StepJob, target: Target): Promise<PairedPlugin> {
  const { api, siteId, serviceUrl, rotate } = target
  const { secrets } = job.deps
  const site = { accountId: job.scope.accountId, siteId }
  const wanted = { restRoot: api.restRoot, rotate }
  const intended = await job.write((tx) => intendBridgeKey(tx, secrets, site, wanted))
  if (!intended) return { state: 'absent', warnings: [] }
  const { key, since } = intended
  const events_url = `${serviceUrl}/api/v1/bridge/${siteId}/events/`
  try {
    await pairBridge(api, { site_id: siteId, events_url, key, since, overlap: OVERLAP_S })
  } catch (error) {
    if (!(error instanceof WordPressError)) throw error
    // The plugin has a key that igny8 no longer knows, as after a restore. It accepts a newer one.
    if (error.wpCode === 'igny8_newer_key' && !rotate) {
      return shareKey(job, { ...target, rotate: true })
    }
    if (error.code === 'refused') {
      await job.write((tx) => withdrawBridgeKey(tx, secrets, site, key))
    }
    throw error
  }
  await job.write((tx) => confirmBridgeKey(tx, secrets, site, key))
  return { state: 'paired', warnings: [] }
}

/** Deletes the keys when the plugin is no longer active in this WordPress. */
async function forgetKeys(job: StepJob, { api, siteId }: Target): Promise<void> {
  await job.write((tx) =>
    tx
      .update(sites)
      .set({ wp_bridge_keys: null })
      .where(and(eq(sites.id, siteId), eq(sites.wp_rest_root, api.restRoot))),
  )
}
