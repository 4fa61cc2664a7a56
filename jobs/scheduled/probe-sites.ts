import { and, eq, lte, sql } from 'drizzle-orm'
import { sites } from '../../db/schema/sites.ts'
import { systemCaller } from '../../server/identity/system-caller.ts'
import { acceptRun } from '../../server/runs/accept-run.ts'
import { contracts } from '../../server/runs/job-contracts.ts'
import { hasOpenStep } from '../../server/runs/open-steps.ts'
import { probeAfter } from '../handlers/publishing/pause.ts'
import type { WorkerDeps } from '../steps/step.ts'

const BATCH = 100

/**
 * Starts a probe of each paused site that is due. The longer a site is paused, the longer the interval.
 * Several workers may call this at the same time.
 */
export async function probeSites({ database, queue }: WorkerDeps): Promise<number> {
  return database.withPlatform('probe_sites', async (tx) => {
    const due = await tx
      .select({ account_id: sites.account_id, id: sites.id, wp_probes: sites.wp_probes })
      .from(sites)
      .where(
        and(lte(sites.wp_probe_at, sql`now()`), sql`not ${hasOpenStep('probe_wordpress', sites)}`),
      )
      .orderBy(sites.wp_probe_at)
      .limit(BATCH)
      .for('no key update', { skipLocked: true })
    for (const { account_id, id, wp_probes } of due) {
      await acceptRun(tx, queue, systemCaller(account_id), {
        kind: 'probe_wordpress',
        siteId: id,
        params: {},
        steps: [{ contract: contracts.probe_wordpress, objectId: id, price: 0 }],
      })
      await tx
        .update(sites)
        .set({ wp_probe_at: probeAfter(wp_probes + 1), wp_probes: wp_probes + 1 })
        .where(and(eq(sites.account_id, account_id), eq(sites.id, id)))
    }
    return due.length
  })
}
