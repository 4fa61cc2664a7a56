import { and, eq, inArray, sql } from 'drizzle-orm'
import { run_steps, runs } from '../../db/schema/system.ts'
import { audit } from '../audit.ts'
import { settleFailure } from '../billing/settle-step.ts'
import type { Deps } from '../deps.ts'
import { endRunIfDone } from '../end-run.ts'
import { notFound } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import { getProgress, type Progress } from '../run-progress.ts'

/** Ends the steps that have not begun and gives back their credits; those that run are let finish. */
export function cancelRun(deps: Deps, caller: Caller, runId: number): Promise<Progress> {
  const { accountId, userId, requestId } = caller
  return deps.doors.withAccount(caller.scope, async (tx) => {
    const [run] = await tx
      .select({ id: runs.id, state: runs.state })
      .from(runs)
      .where(eq(runs.id, runId))
      .for('update')
    if (!run) throw notFound()
    const cancelled = await tx
      .update(run_steps)
      .set({ state: 'cancelled', updated_at: sql`now()` })
      .where(and(eq(run_steps.run_id, runId), inArray(run_steps.state, ['waiting', 'pending'])))
      .returning()
    for (const step of cancelled) {
      await settleFailure(tx, step)
    }
    if (cancelled.length > 0) {
      await endRunIfDone(tx, runId, 'Cancelled')
      const object = { type: 'run', id: runId }
      await audit(tx, { accountId, userId, requestId, action: 'run.cancelled', object })
    }
    return getProgress(tx, runId)
  })
}
