import type { PauseReason } from '../../db/schema/auth.ts'
import { checkCredentials } from '../../wp-bridge/client/credentials.ts'
import { WordPressError } from '../../wp-bridge/client/errors.ts'
import { StepError, type StepJob } from '../step.ts'
import { openCredentials } from './site-access.ts'

/** Asks a site whether it answers and lets us write. Returns why not, or undefined when it does. */
export async function whyNotWorking(
  job: StepJob,
  siteId: number,
): Promise<PauseReason | undefined> {
  const { fetch } = job.deps
  const { signal } = job
  try {
    const { wp_url: siteUrl, username, appPassword } = await openCredentials(job, siteId)
    await checkCredentials(fetch, { siteUrl, username, appPassword, signal })
    return undefined
  } catch (error) {
    if (error instanceof WordPressError) {
      return { code: error.code, message: `${error.message} ${error.remedy}` }
    }
    if (error instanceof StepError) return { code: error.code, message: error.message }
    throw error
  }
}
