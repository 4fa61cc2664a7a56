import { and, eq, or, sql } from 'drizzle-orm'
import { run_steps, runs } from '../db/schema/system.ts'
import { ACCOUNT_CLOSED, cancelSteps } from '../server/cancel-steps.ts'
import type { Contracts } from './finish-step.ts'
import type { WorkerDeps } from './step.ts'
import { accountIsOpen, isAbandoned, isDue } from './take-step.ts'

/** A pending step that nobody has taken for so long may have lost its job to a killed worker. */
const FORGOTTEN_SECONDS = 20
const BATCH = 500

/**
 * Enqueues again what a killed worker had: steps that it was running, and pending ones whose job it
 * had fetched. A step that has a waiting job keeps the one. `atStart`: pending ones count at once.
 */
export async function recoverSteps(
  deps: WorkerDeps,
  contracts: Contracts,
  { atStart }: { atStart: boolean },
): Promise<number> {
  const age = atStart ? 0 : FORGOTTEN_SECONDS
  return deps.doors.withPlatform('recover_steps', async (tx) => {
    const lost = await tx
      .select({ account_id: run_steps.account_id, id: run_steps.id, kind: run_steps.kind })
      .from(run_steps)
      .where(
        or(
          isAbandoned,
          and(
            eq(run_steps.state, 'pending'),
            isDue,
            accountIsOpen,
            sql`${run_steps.updated_at} <= now() - ${age} * interval '1 second'`,
          ),
        ),
      )
      .orderBy(run_steps.updated_at, run_steps.id)
      .limit(BATCH)
    for (const { account_id, id, kind } of lost) {
      await deps.queue.enqueue(tx, contracts[kind], { account_id, step_id: id })
    }
    return lost.length
  })
}

/**
 * Gives back what this worker has and does not work on: when a step ended, the database was away and
 * could not be told. Each counts as one retry. `workingOn` has a step before it is taken and until
 * its end, so that it is asked only when the steps are known.
 */
export async function dropUnfinished(
  deps: WorkerDeps,
  contracts: Contracts,
  { workerId, workingOn }: { workerId: number; workingOn: ReadonlySet<number> },
): Promise<void> {
  await deps.doors.withPlatform('recover_steps', async (tx) => {
    const taken = await tx
      .select({ account_id: run_steps.account_id, id: run_steps.id, kind: run_steps.kind })
      .from(run_steps)
      .where(and(eq(run_steps.state, 'running'), eq(run_steps.worker_id, workerId)))
      // One that is locked is worked on: to wait for it with others locked would be a deadlock.
      .for('update', { skipLocked: true })
    for (const { account_id, id, kind } of taken.filter(({ id }) => !workingOn.has(id))) {
      const retries = sql`${run_steps.retries} + 1`
      await tx
        .update(run_steps)
        .set({ state: 'pending', retries, worker_id: null, updated_at: sql`now()` })
        .where(eq(run_steps.id, id))
      await deps.queue.enqueue(tx, contracts[kind], { account_id, step_id: id })
    }
  })
}

/**
 * Cancels what has not begun in cancelled accounts: steps that were given back after the account was
 * closed, or that were written to in that moment.
 */
export async function cancelClosed({ doors }: WorkerDeps): Promise<void> {
  const found = await doors.withPlatform('recover_steps', (tx) =>
    tx.execute<{ account_id: string; run_id: string }>(sql`
      select distinct s.account_id, s.run_id from accounts a join run_steps s on s.account_id = a.id
      where a.status = 'cancelled' and s.state in ('waiting', 'pending') limit ${BATCH}`),
  )
  for (const row of found) {
    const id = Number(row.run_id)
    await doors.withAccount({ accountId: Number(row.account_id) }, async (tx) => {
      await tx.select({ id: runs.id }).from(runs).where(eq(runs.id, id)).for('update')
      await cancelSteps(tx, id, ACCOUNT_CLOSED)
    })
  }
}
