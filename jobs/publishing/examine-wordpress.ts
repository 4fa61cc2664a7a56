import { examine } from '../../wp-bridge/client/doctor.ts'
import type { StepHandler } from '../step.ts'
import { openCredentials } from './site-access.ts'

/** Goes the way to a published post on a linked site, and says of each check how it went. */
export const examineWordPress: StepHandler = async (job) => {
  const { wp_url, username, appPassword } = await openCredentials(job, job.step.object_id)
  await job.progress({ phase: 'examine_wordpress', message: `Examining ${wp_url}` })
  const { signal } = job
  const checks = await examine(job.deps.fetch, { siteUrl: wp_url, username, appPassword, signal })
  const failed = checks.filter(({ ok }) => ok === false)
  const healthy = !failed.some(({ blocking }) => blocking)
  return {
    message: failed.length === 0 ? `${wp_url} is well` : `${wp_url}: ${failed[0]!.cause}`,
    result: { wp_url, healthy, checks },
  }
}
