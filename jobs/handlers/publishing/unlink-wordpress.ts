import { eq, sql } from 'drizzle-orm'
import { sites } from '../../../db/schema/sites.ts'
import { unpairBridge } from '../../../wp-bridge/client/connect/bridge.ts'
import { revokeAppPassword } from '../../../wp-bridge/client/connect/credentials.ts'
import { WordPressError } from '../../../wp-bridge/client/http/errors.ts'
import { StepError, type StepHandler, type StepJob } from '../../steps/step.ts'
import { resumeSite } from './pause.ts'
import { openSite } from './site-access.ts'

const UNLINKED = {
  wp_url: null,
  wp_username: null,
  wp_app_password: null,
  wp_rest_root: null,
  wp_linked_at: null,
  wp_bridge_keys: null,
}

/** Revokes the application password in WordPress if possible, and deletes it here in any case. */
export const unlinkWordPress: StepHandler = async (job) => {
  const result = await revoke(job)
  return {
    message: result.message,
    result,
    async write(tx) {
      await tx
        .update(sites)
        .set({ ...UNLINKED, updated_at: sql`now()` })
        .where(eq(sites.id, job.step.object_id))
      // Waiting publications now fail with `site_not_linked`.
      await resumeSite(tx, job.deps, job.step.object_id)
    },
  }
}

async function revoke(job: StepJob): Promise<{ revoked: boolean; message: string }> {
  try {
    const { api, wp_url, hasBridge } = await openSite(job, job.step.object_id)
    // The password must be revoked even if the plugin keeps its key, which is deleted here too.
    if (hasBridge) await unpairBridge(api).catch(unlessOfWordPress)
    await job.requested(
      'application-passwords',
      `Asked ${wp_url} to revoke the application password`,
    )
    await revokeAppPassword(api)
    return { revoked: true, message: 'The application password was revoked and deleted.' }
  } catch (error) {
    if (!(error instanceof WordPressError || error instanceof StepError)) throw error
    const message = `igny8 deleted the application password, but could not revoke it in WordPress: ${error.message} Revoke it there under Users → Profile.`
    return { revoked: false, message }
  }
}

function unlessOfWordPress(error: unknown): void {
  if (!(error instanceof WordPressError)) throw error
}
