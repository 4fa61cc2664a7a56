import { and, eq, inArray, sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { type Failure, run_steps, runs } from '../../db/schema/runs.ts'
import { settleFailures, settleSuccess } from '../../server/billing/settle-step.ts'
import { endRunIfDone } from '../../server/runs/end-run.ts'
import {
  beginNext,
  setCancelled,
  setFailed,
  setHeld,
  setPending,
  setSucceeded,
} from '../../server/runs/step-states.ts'
import { ALONE_AFTER_DEATHS } from './claim-step.ts'
import { shortened, withShortTexts } from './short-texts.ts'
import { fence, type Step, type StepDone, type WorkerDeps } from './step.ts'

/** The delay of a step whose end could not be written. */
const REQUEUE_SECONDS = 5

/** Writes a step's result, settles its credits and enqueues the next steps, in one transaction. */
export function succeedStep(deps: WorkerDeps, step: Step, done: StepDone): Promise<void> {
  return deps.database.withAccount({ accountId: step.account_id }, async (tx) => {
    await lockRun(tx, step)
    await fence(tx, step)
    await done.write?.(tx)
    await settleSuccess(tx, step, { charge: done.charge ?? step.price, usage: done.usage })
    await setSucceeded(tx, step.id, withShortTexts(done.result))
    const next = await beginNext(tx, step.id)
    await deps.queue.enqueue(
      tx,
      next.sort((a, b) => a.id - b.id),
    )
    await endRunIfDone(tx, step.run_id, shortened(done.message))
  })
}

/** Fails a step and the steps that waited for it, and releases their credits. */
export function failStep(
  deps: WorkerDeps,
  step: Step,
  error: Failure,
  onFailure?: (tx: Tx) => Promise<void>,
): Promise<void> {
  return deps.database.withAccount({ accountId: step.account_id }, async (tx) => {
    await lockRun(tx, step)
    await fence(tx, step)
    await onFailure?.(tx)
    await settleFailures(tx, step.account_id, [step])
    await setFailed(tx, step.id, error)
    await cancelWaiting(tx, step)
    await endRunIfDone(tx, step.run_id, error.message)
  })
}

/**
 * Returns a step to the queue, to be claimed again after `seconds`. A step that ended while it ran alone
 * does not kill workers, so its deaths are reset.
 */
export function retryStep(
  deps: WorkerDeps,
  step: Step,
  again: { seconds: number; message: string; retries?: number; deaths?: number },
): Promise<void> {
  const { seconds, message, retries = step.retries } = again
  const { deaths = step.deaths < ALONE_AFTER_DEATHS ? step.deaths : 0 } = again
  return deps.database.withAccount({ accountId: step.account_id }, async (tx) => {
    await fence(tx, step)
    await setPending(tx, eq(run_steps.id, step.id), { seconds, retries, deaths })
    await tx
      .update(runs)
      .set({ message: shortened(message), updated_at: sql`now()` })
      .where(eq(runs.id, step.run_id))
    await deps.queue.enqueue(tx, [{ ...step, afterSeconds: seconds }])
  })
}

/**
 * Requeues steps that this worker claimed but no longer runs, because their end could not be written. It does not use up a retry.
 */
export async function requeueSteps(
  tx: Tx,
  deps: WorkerDeps,
  steps: Pick<Step, 'account_id' | 'id' | 'kind'>[],
): Promise<void> {
  if (steps.length === 0) return
  const ids = JSON.stringify(steps.map(({ account_id, id }) => ({ account_id, id })))
  const unfinished = sql`(${run_steps.account_id}, ${run_steps.id}) in (
    select account_id, id from jsonb_to_recordset(${ids}::jsonb)
      as unfinished (account_id bigint, id bigint))`
  await setPending(tx, unfinished, { seconds: REQUEUE_SECONDS })
  await deps.queue.enqueue(
    tx,
    steps.map((step) => ({ ...step, afterSeconds: REQUEUE_SECONDS })),
  )
}

/**
 * Puts a running step on hold in the caller's transaction, until `held` is lifted or for the given time. The
 * handler then throws `StepOnHold`.
 */
export async function holdStep(
  tx: Tx,
  step: Step,
  wait: Partial<Pick<Step, 'held' | 'retries'>> & { message: string },
): Promise<void> {
  const { message, ...changes } = wait
  await setHeld(tx, step.id, changes)
  await tx.update(runs).set({ message, updated_at: sql`now()` }).where(eq(runs.id, step.run_id))
}

/** Locks the run, so that its steps end one after another: progress and end are computed from them. */
async function lockRun(tx: Tx, step: Step): Promise<void> {
  await tx.select({ id: runs.id }).from(runs).where(eq(runs.id, step.run_id)).for('update')
}

async function cancelWaiting(tx: Tx, after: Step): Promise<void> {
  for (let ids = [after.id]; ids.length > 0; ) {
    const cancelled = await setCancelled(
      tx,
      and(inArray(run_steps.after_step_id, ids), eq(run_steps.state, 'waiting')),
    )
    await settleFailures(tx, after.account_id, cancelled)
    ids = cancelled.map(({ id }) => id)
  }
}
