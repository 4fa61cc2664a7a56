import { z } from 'zod'
import type { PauseReason } from '../../../db/schema/sites.ts'
import { checkCredentials } from '../../../wp-bridge/client/connect/credentials.ts'
import { WordPressError } from '../../../wp-bridge/client/http/errors.ts'
import type { WordPressApi } from '../../../wp-bridge/client/http/transport.ts'
import { StepError, type StepJob } from '../../steps/step.ts'
import { openSite } from './site-access.ts'

/**
 * Checks that a site answers, accepts igny8’s credentials and does not block every write. Returns
 * the problem, or undefined if the site works.
 */
export async function findSiteProblem(
  job: StepJob,
  siteId: number,
): Promise<PauseReason | undefined> {
  const { fetch } = job.deps
  const { signal } = job
  try {
    const { wp_url: siteUrl, username, appPassword, api } = await openSite(job, siteId)
    await answers(api)
    await checkCredentials(fetch, { siteUrl, username, appPassword, signal })
    await takesWrites(api)
    return undefined
  } catch (error) {
    if (error instanceof WordPressError) {
      return { code: error.code, message: `${error.message} ${error.remedy}` }
    }
    if (error instanceof StepError) return { code: error.code, message: error.message }
    throw error
  }
}

/**
 * Throws the error of a site that is down. Everything else is left to the check of the credentials.
 */
async function answers(api: WordPressApi): Promise<void> {
  try {
    await api.read('wp/v2/users/me', z.object({}))
  } catch (error) {
    if (!(error instanceof WordPressError) || error.retryable || !error.wpCode) throw error
  }
}

/**
 * Throws the answer of a firewall that blocks every write. WordPress itself rejects this request with
 * JSON, because it names an unknown status and an id for a post that does not exist yet.
 */
async function takesWrites(api: WordPressApi): Promise<void> {
  try {
    await api.create('wp/v2/posts', z.object({}), { id: 1, status: 'igny8-probe' })
  } catch (error) {
    if (!(error instanceof WordPressError) || !error.wpCode) throw error
  }
}
