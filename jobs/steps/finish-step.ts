import { and, eq, inArray, sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { type Failure, run_steps, runs } from '../../db/schema/runs.ts'
import { settleFailures, settleSuccess } from '../../server/billing/settle-step.ts'
import { CANCELLED } from '../../server/runs/cancel-steps.ts'
import { endRunIfDone } from '../../server/runs/end-run.ts'
import { DEATHS_IN_COMPANY } from './claim-step.ts'
import { shortened, withShortTexts } from './short-texts.ts'
import { fence, type Step, type StepDone, type WorkerDeps } from './step.ts'

/** How long a step waits whose end the database did not take. */
const REQUEUE_SECONDS = 5

/** Writes what a step made, settles its credits and lets the next ones begin: all or nothing. */
export function succeedStep(deps: WorkerDeps, step: Step, done: StepDone): Promise<void> {
  return deps.database.withAccount({ accountId: step.account_id }, async (tx) => {
    await lockRun(tx, step)
    await fence(tx, step)
    await done.write?.(tx)
    await settleSuccess(tx, step, { charge: done.charge ?? step.price, usage: done.usage })
    await tx
      .update(run_steps)
      .set({
        state: 'succeeded',
        result: withShortTexts(done.result),
        error: null,
        checkpoint: null,
        updated_at: sql`now()`,
      })
      .where(eq(run_steps.id, step.id))
    await beginNext(tx, deps, step)
    await endRunIfDone(tx, step.run_id, shortened(done.message))
  })
}

/** Ends a step that cannot succeed, and those that waited for it; gives back all their credits. */
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
    await tx
      .update(run_steps)
      .set({ state: 'failed', error, checkpoint: null, updated_at: sql`now()` })
      .where(eq(run_steps.id, step.id))
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
  const { deaths = step.deaths < DEATHS_IN_COMPANY ? step.deaths : 0 } = again
  return deps.database.withAccount({ accountId: step.account_id }, async (tx) => {
    await fence(tx, step)
    await tx
      .update(run_steps)
      .set({ ...toPending, retries, deaths, retry_at: inSeconds(seconds) })
      .where(eq(run_steps.id, step.id))
    await tx
      .update(runs)
      .set({ message: shortened(message), updated_at: sql`now()` })
      .where(eq(runs.id, step.run_id))
    await deps.queue.enqueue(tx, [{ ...step, afterSeconds: seconds }])
  })
}

/** What makes a running step wait for a worker again. */
const toPending = { state: 'pending', worker_id: null, updated_at: sql`now()` } as const

/** Null for a step that may be taken at once. */
const inSeconds = (seconds: number) =>
  seconds > 0 ? sql`now() + ${seconds} * interval '1 second'` : null

/**
 * Gives back steps that this worker has and does not work on, at no cost: they have ended, and the
 * database could not be told.
 */
export async function requeueSteps(
  tx: Tx,
  deps: WorkerDeps,
  steps: Pick<Step, 'account_id' | 'id' | 'kind'>[],
): Promise<void> {
  if (steps.length === 0) return
  await tx
    .update(run_steps)
    .set({ ...toPending, retry_at: inSeconds(REQUEUE_SECONDS) })
    .where(sql`(${run_steps.account_id}, ${run_steps.id}) in (
      select account_id, id from jsonb_to_recordset(${JSON.stringify(
        steps.map(({ account_id, id }) => ({ account_id, id })),
      )}::jsonb) as unended (account_id bigint, id bigint))`)
  await deps.queue.enqueue(
    tx,
    steps.map((step) => ({ ...step, afterSeconds: REQUEUE_SECONDS })),
  )
}

/**
 * Has a running step wait, in the caller's transaction: until `held` is lifted, or for the time that it
 * was given. The handler then throws `StepOnHold`.
 */
export async function holdStep(
  tx: Tx,
  step: Step,
  wait: Pick<typeof run_steps.$inferInsert, 'held' | 'retries'> & { message: string },
): Promise<void> {
  const { message, ...changes } = wait
  await tx
    .update(run_steps)
    .set({ ...changes, ...toPending, deaths: 0 })
    .where(eq(run_steps.id, step.id))
  await tx.update(runs).set({ message, updated_at: sql`now()` }).where(eq(runs.id, step.run_id))
}

/** Steps of one run end one after the other: its progress and its end are computed from them. */
async function lockRun(tx: Tx, step: Step): Promise<void> {
  await tx.select({ id: runs.id }).from(runs).where(eq(runs.id, step.run_id)).for('update')
}

async function beginNext(tx: Tx, deps: WorkerDeps, step: Step): Promise<void> {
  const next = await tx
    .update(run_steps)
    .set({ state: 'pending', updated_at: sql`now()` })
    .where(and(eq(run_steps.after_step_id, step.id), eq(run_steps.state, 'waiting')))
    .returning()
  await deps.queue.enqueue(
    tx,
    next.sort((a, b) => a.id - b.id),
  )
}

async function cancelWaiting(tx: Tx, after: Step): Promise<void> {
  for (let ids = [after.id]; ids.length > 0; ) {
    const cancelled = await tx
      .update(run_steps)
      .set(CANCELLED)
      .where(and(inArray(run_steps.after_step_id, ids), eq(run_steps.state, 'waiting')))
      .returning()
    await settleFailures(tx, after.account_id, cancelled)
    ids = cancelled.map(({ id }) => id)
  }
}
