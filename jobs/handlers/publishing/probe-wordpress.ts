import { eq, sql } from 'drizzle-orm'
import { sites } from '../../../db/schema/sites.ts'
import type { StepHandler } from '../../steps/step.ts'
import { findSiteProblem } from './find-site-problem.ts'
import { resumeSite } from './pause.ts'

/** Probes a paused site, and resumes its publications if it works again. */
export const probeWordPress: StepHandler = async (job) => {
  const siteId = job.step.object_id
  const reason = await findSiteProblem(job, siteId)
  return {
    message: reason ? `The site stays paused. ${reason.message}` : 'The site works again',
    result: { works: !reason },
    async write(tx) {
      if (!reason) return resumeSite(tx, job.deps, siteId)
      await tx
        .update(sites)
        .set({ wp_pause_reason: reason })
        .where(sql`${eq(sites.id, siteId)} and ${sites.wp_paused_at} is not null`)
    },
  }
}
