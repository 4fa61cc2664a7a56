import { and, eq, inArray, sql } from 'drizzle-orm'
import { type Failure, run_steps, runs } from '../db/schema/system.ts'
import type { Tx } from '../db/tenancy.ts'
import { settleFailure, settleSuccess } from '../server/billing/settle-step.ts'
import { endRunIfDone } from '../server/end-run.ts'
import type { JobContract } from '../server/queue.ts'
import { fence, type Step, type StepDone, type WorkerDeps } from './step.ts'

export type Contracts = Record<Step['kind'], JobContract>

/** Writes what a step made, settles its credits and lets the next ones begin: all or nothing. */
export function succeed(
  deps: WorkerDeps,
  contracts: Contracts,
  step: Step,
  done: StepDone,
): Promise<void> {
  return deps.doors.withAccount({ accountId: step.account_id }, async (tx) => {
    await lockRun(tx, step)
    await fence(tx, step)
    await done.write?.(tx)
    await settleSuccess(tx, step, { charge: done.charge ?? step.price, usage: done.usage })
    await tx
      .update(run_steps)
      .set({
        state: 'succeeded',
        result: done.result,
        error: null,
        made: null,
        updated_at: sql`now()`,
      })
      .where(eq(run_steps.id, step.id))
    await beginNext(tx, deps, contracts, step)
    await endRunIfDone(tx, step.run_id, done.message)
  })
}

/** Ends a step that cannot succeed, and those that waited for it; gives back all their credits. */
export function fail(
  deps: WorkerDeps,
  step: Step,
  error: Failure,
  onFailure?: (tx: Tx) => Promise<void>,
): Promise<void> {
  return deps.doors.withAccount({ accountId: step.account_id }, async (tx) => {
    await lockRun(tx, step)
    await fence(tx, step)
    await onFailure?.(tx)
    await settleFailure(tx, step)
    await tx
      .update(run_steps)
      .set({ state: 'failed', error, made: null, updated_at: sql`now()` })
      .where(eq(run_steps.id, step.id))
    await cancelWaiting(tx, step)
    await endRunIfDone(tx, step.run_id, error.message)
  })
}

/** Gives a step back to the queue, to be taken again after `seconds`. */
export function giveBack(
  deps: WorkerDeps,
  contract: JobContract,
  step: Step,
  again: { seconds: number; retries: number; message: string },
): Promise<void> {
  return deps.doors.withAccount({ accountId: step.account_id }, async (tx) => {
    await fence(tx, step)
    await tx
      .update(run_steps)
      .set({ state: 'pending', retries: again.retries, worker_id: null, updated_at: sql`now()` })
      .where(eq(run_steps.id, step.id))
    await tx
      .update(runs)
      .set({ message: again.message, updated_at: sql`now()` })
      .where(eq(runs.id, step.run_id))
    const payload = { account_id: step.account_id, step_id: step.id }
    await deps.queue.enqueue(tx, contract, payload, again.seconds)
  })
}

/**
 * Has a running step wait, in the caller's transaction: until `held` is lifted, or for the time that it
 * was given. The handler then throws `HeldError`.
 */
export async function holdStep(
  tx: Tx,
  step: Step,
  wait: Pick<typeof run_steps.$inferInsert, 'held' | 'retries'> & { message: string },
): Promise<void> {
  const { message, ...changes } = wait
  await tx
    .update(run_steps)
    .set({ ...changes, state: 'pending', worker_id: null, updated_at: sql`now()` })
    .where(eq(run_steps.id, step.id))
  await tx.update(runs).set({ message, updated_at: sql`now()` }).where(eq(runs.id, step.run_id))
}

/** Steps of one run end one after the other: its progress and its end are computed from them. */
async function lockRun(tx: Tx, step: Step): Promise<void> {
  await tx.select({ id: runs.id }).from(runs).where(eq(runs.id, step.run_id)).for('update')
}

async function beginNext(
  tx: Tx,
  deps: WorkerDeps,
  contracts: Contracts,
  step: Step,
): Promise<void> {
  const next = await tx
    .update(run_steps)
    .set({ state: 'pending', updated_at: sql`now()` })
    .where(and(eq(run_steps.after_step_id, step.id), eq(run_steps.state, 'waiting')))
    .returning()
  for (const { account_id, id, kind } of next) {
    await deps.queue.enqueue(tx, contracts[kind], { account_id, step_id: id })
  }
}

async function cancelWaiting(tx: Tx, after: Step): Promise<void> {
  for (let ids = [after.id]; ids.length > 0; ) {
    const cancelled = await tx
      .update(run_steps)
      .set({ state: 'cancelled', updated_at: sql`now()` })
      .where(and(inArray(run_steps.after_step_id, ids), eq(run_steps.state, 'waiting')))
      .returning()
    for (const step of cancelled) await settleFailure(tx, step)
    ids = cancelled.map(({ id }) => id)
  }
}
