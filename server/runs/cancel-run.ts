import { eq } from 'drizzle-orm'
import { runs } from '../../db/schema/runs.ts'
import type { Deps } from '../deps.ts'
import { notFound } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import { audit } from '../observability/audit.ts'
import { cancelSteps } from './cancel-steps.ts'
import { getProgress, type Progress } from './run-progress.ts'

/** Cancels the steps that have not started and releases their credits. Running steps finish. */
export function cancelRun(deps: Deps, caller: Caller, runId: number): Promise<Progress> {
  return deps.database.withAccount(caller.scope, async (tx) => {
    const [run] = await tx
      .select({ id: runs.id, state: runs.state })
      .from(runs)
      .where(eq(runs.id, runId))
      .for('update')
    if (!run) throw notFound()
    if ((await cancelSteps(tx, runId, 'Cancelled')) > 0) {
      const object = { type: 'run', id: runId } as const
      await audit(tx, caller, 'run.cancelled', { object })
    }
    return getProgress(tx, runId)
  })
}
