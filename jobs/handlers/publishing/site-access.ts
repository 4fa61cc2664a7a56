import { eq } from 'drizzle-orm'
import { sites } from '../../../db/schema/sites.ts'
import { sitePasswordContext } from '../../../server/publishing/site-secrets.ts'
import { SecretUnreadableError } from '../../../server/security/secrets.ts'
import { connect, type WordPressApi } from '../../../wp-bridge/client/http/transport.ts'
import { StepError, type StepJob } from '../../steps/step.ts'
import type { DeliveryLog } from './delivery-log.ts'

export type LinkedSite = {
  id: number
  wp_url: string
  wp_rest_root: string
  username: string
  appPassword: string
  api: WordPressApi
  /** Whether igny8 is paired with the plugin of the site. */
  hasBridge: boolean
}

/**
 * Opens the WordPress of a linked site as its user; `log` records the exchange. Throws `site_not_linked` or
 * `site_password_unreadable`.
 */
export async function openSite(
  job: StepJob,
  siteId: number,
  log?: DeliveryLog,
): Promise<LinkedSite> {
  const [site] = await job.read((tx) => tx.select().from(sites).where(eq(sites.id, siteId)))
  if (!site?.wp_url || !site.wp_username || !site.wp_app_password || !site.wp_rest_root) {
    throw new StepError(
      'site_not_linked',
      'The site is no longer linked to WordPress. Link it, then try again.',
    )
  }
  const { wp_url, wp_rest_root, wp_username: username } = site
  const appPassword = await openPassword(job, siteId, site.wp_app_password)
  const credentials = { username, appPassword }
  const { signal, deps } = job
  const fetch = log ? log.recording(deps.fetch, credentials) : deps.fetch
  const api = connect({ fetch, restRoot: wp_rest_root, ...credentials, signal })
  const hasBridge = site.wp_bridge_keys !== null
  return { id: siteId, wp_url, wp_rest_root, ...credentials, api, hasBridge }
}

async function openPassword(job: StepJob, siteId: number, sealed: string): Promise<string> {
  try {
    return await job.deps.secrets.open(sitePasswordContext(job.scope.accountId, siteId), sealed)
  } catch (error) {
    if (!(error instanceof SecretUnreadableError)) throw error
    throw new StepError(
      'site_password_unreadable',
      'igny8 cannot decrypt the stored application password. Link the site again.',
      { cause: error },
    )
  }
}
