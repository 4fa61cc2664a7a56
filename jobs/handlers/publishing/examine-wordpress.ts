import { z } from 'zod'
import { noteWorking } from '../../../server/publishing/webhook-endpoints.ts'
import { runChecks } from '../../../wp-bridge/client/connect/doctor.ts'
import type { StepHandler } from '../../steps/step.ts'
import { pairPlugin } from './pair-plugin.ts'
import { resumeSite } from './pause.ts'
import { openSite } from './site-access.ts'

const Params = z.object({ service_url: z.string() })

/**
 * Checks a linked site on the whole way to a published post, and returns the result of each check.
 */
export const examineWordPress: StepHandler = async (job) => {
  const siteId = job.step.object_id
  const { wp_url, username, appPassword, api } = await openSite(job, siteId)
  await job.progress({ phase: 'examine_wordpress', message: `Checking ${wp_url}` })
  const { signal } = job
  const checks = await runChecks(job.deps.fetch, { siteUrl: wp_url, username, appPassword, signal })
  const failed = checks.filter(({ ok }) => ok === false)
  const healthy = !failed.some(({ blocking }) => blocking)
  const { service_url: serviceUrl } = Params.parse(job.step.params)
  // The plugin may have been activated or deactivated since the site was linked.
  const pairing = { api, siteId, serviceUrl, rotate: false }
  const plugin = healthy ? await pairPlugin(job, pairing) : undefined
  return {
    message: failed.length === 0 ? `${wp_url} passed all checks` : `${wp_url}: ${failed[0]!.cause}`,
    result: { wp_url, healthy, checks },
    async write(tx) {
      if (!plugin) return
      await resumeSite(tx, job.deps, siteId)
      const { account_id } = job.step
      if (plugin.state === 'paired') await noteWorking(tx, { account_id, site_id: siteId })
    },
  }
}
