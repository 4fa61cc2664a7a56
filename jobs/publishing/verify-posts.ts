import { and, eq, inArray, lte, notExists, sql } from 'drizzle-orm'
import { run_steps } from '../../db/schema/system.ts'
import { tasks } from '../../db/schema/writer.ts'
import { acceptRun } from '../../server/accept-run.ts'
import { verifyPostJob } from '../../server/publishing/jobs.ts'
import type { WorkerDeps } from '../step.ts'
import { nextLook } from './verify-at.ts'

const BATCH = 100

/**
 * The watchdog: starts a look at each post whose time has come, and sets the time of the next, so
 * that a look that fails is not the last. Any number of workers may call this at once.
 */
export async function verifyPosts(deps: WorkerDeps): Promise<number> {
  return deps.doors.withPlatform('verify_posts', async (tx) => {
    const underWay = tx
      .select({ id: run_steps.id })
      .from(run_steps)
      .where(
        and(
          eq(run_steps.account_id, tasks.account_id),
          eq(run_steps.kind, 'verify_post'),
          eq(run_steps.object_id, tasks.id),
          inArray(run_steps.state, ['waiting', 'pending', 'running']),
        ),
      )
    const due = await tx
      .select()
      .from(tasks)
      .where(and(lte(tasks.verify_at, sql`now()`), notExists(underWay)))
      .orderBy(tasks.verify_at)
      .limit(BATCH)
      .for('update', { of: tasks, skipLocked: true })
    for (const task of due) {
      const caller = systemCaller(task.account_id)
      await acceptRun(tx, deps.queue, caller, {
        kind: 'verify_post',
        siteId: task.site_id,
        params: {},
        steps: [{ contract: verifyPostJob, objectId: task.id, price: 0 }],
      })
      const verifications = task.verifications + 1
      await tx
        .update(tasks)
        .set({ verify_at: nextLook(verifications), verifications })
        .where(eq(tasks.id, task.id))
    }
    return due.length
  })
}

const systemCaller = (accountId: number) => ({
  userId: null,
  role: 'system_bot' as const,
  isStaff: false,
  accountId,
  scope: { accountId },
  requestId: '',
})
