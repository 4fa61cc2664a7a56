import { and, eq, lte, sql } from 'drizzle-orm'
import { tasks } from '../../db/schema/writer.ts'
import { systemCaller } from '../../server/identity/system-caller.ts'
import { acceptRun } from '../../server/runs/accept-run.ts'
import { contracts } from '../../server/runs/job-contracts.ts'
import { hasOpenStep } from '../../server/runs/open-steps.ts'
import { nextVerification } from '../handlers/publishing/verify-at.ts'
import type { WorkerDeps } from '../steps/step.ts'

const BATCH = 100

/**
 * Starts a check of each post that is due, and schedules the next one first, so that a failing check is not
 * the last. Several workers may call this at the same time.
 */
export async function verifyPosts(deps: WorkerDeps): Promise<number> {
  return deps.database.withPlatform('verify_posts', async (tx) => {
    const due = await tx
      .select()
      .from(tasks)
      .where(and(lte(tasks.verify_at, sql`now()`), sql`not ${hasOpenStep('verify_post', tasks)}`))
      .orderBy(tasks.verify_at)
      .limit(BATCH)
      .for('update', { of: tasks, skipLocked: true })
    for (const task of due) {
      const caller = systemCaller(task.account_id)
      await acceptRun(tx, deps.queue, caller, {
        kind: 'verify_post',
        siteId: task.site_id,
        params: {},
        steps: [{ contract: contracts.verify_post, objectId: task.id, price: 0 }],
      })
      const verifications = task.verifications + 1
      await tx
        .update(tasks)
        .set({ verify_at: nextVerification(verifications), verifications })
        .where(and(eq(tasks.account_id, task.account_id), eq(tasks.id, task.id)))
    }
    return due.length
  })
}
