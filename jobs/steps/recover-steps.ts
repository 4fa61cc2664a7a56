import { and, eq, sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { run_steps, runs } from '../../db/schema/runs.ts'
import { ACCOUNT_CLOSED, cancelSteps } from '../../server/runs/cancel-steps.ts'
import type { QueuedStep } from '../../server/runs/queue.ts'
import { accountIsOpen, isAbandoned, isDue } from './claim-step.ts'
import { requeueSteps } from './finish-step.ts'
import type { WorkerDeps } from './step.ts'

/** A pending step without a job that nobody has taken for so long has lost its job to a killed worker. */
const FORGOTTEN_SECONDS = 20
const BATCH = 1_000
/**
 * How long a step waits before the second and the third time that it runs alone: what kills workers
 * and has nothing to do with the step is over by then.
 */
const ALONE_AGAIN_SECONDS = [30, 120]

/** Has a job that waits. In the words of the unique index by which pg-boss keeps to one. */
const hasJob = sql`exists (select from pgboss.job j where j.name = run_steps.kind
  and coalesce(j.singleton_key, '') = run_steps.account_id || ':' || run_steps.id
  and j.state = 'created' and j.policy = 'short')`

/**
 * Returns a function that runs `recoverSteps` periodically. A worker counts as dead after its lock was
 * missing in two rounds: after a restart of the database it takes the lock again.
 */
export function openRecovery(deps: WorkerDeps): () => Promise<number> {
  let missed: number[] = []
  return async () => {
    const lost = missed
    const found = await deps.database.withPlatform('recover_steps', (tx) =>
      tx.selectDistinct({ id: run_steps.worker_id }).from(run_steps).where(isAbandoned),
    )
    missed = found.flatMap(({ id }) => id ?? [])
    return recoverSteps(deps, { atStart: false, of: missed.filter((id) => lost.includes(id)) })
  }
}

/**
 * Enqueues what a killed worker had: steps that it was running, and pending ones whose job it had
 * fetched; also those whose slot has come. Takes a few statements for any number of them, those that
 * were begun first. `atStart`: pending ones count at once. `of`: only these workers count as killed.
 */
export async function recoverSteps(
  deps: WorkerDeps,
  { atStart, of }: { atStart: boolean; of?: number[] },
): Promise<number> {
  const age = atStart ? 0 : FORGOTTEN_SECONDS
  return deps.database.withPlatform('recover_steps', async (tx) => {
    const lost = await tx.execute<LostStep>(lostSteps(age, of))
    await deps.queue.enqueue(tx, lost.map(toQueued))
    return lost.length
  })
}

type LostStep = Pick<QueuedStep, 'kind'> & { account_id: string; id: string; deaths: number }

/** Oldest first. `age` in seconds. */
export const lostSteps = (age: number, of?: number[]) => sql`
  (select account_id, id, kind, deaths + 1 as deaths from run_steps
    where ${isAbandoned} and ${of ? sql`worker_id = any(${sql.param(of)}::bigint[])` : sql`true`}
      and not ${hasJob} order by updated_at, id limit ${BATCH})
  union all
  (select account_id, id, kind, 0 as deaths from run_steps
    where state = 'pending' and ${isDue} and ${accountIsOpen} and not ${hasJob}
      and updated_at <= now() - ${age} * interval '1 second'
    order by updated_at, id limit ${BATCH})`

function toQueued({ account_id, id, kind, deaths }: LostStep): QueuedStep {
  const afterSeconds = ALONE_AGAIN_SECONDS[deaths - 4] ?? 0
  return { account_id: Number(account_id), id: Number(id), kind, afterSeconds }
}

/**
 * Gives back what this worker has and does not work on: when a step ended, the database was away and
 * could not be told. It costs the step nothing. `workingOn` has a step before it is taken and until
 * its end, so that it is asked only when the steps are known.
 */
export async function requeueUnfinished(
  deps: WorkerDeps,
  { workerId, workingOn }: { workerId: number; workingOn: ReadonlySet<number> },
): Promise<void> {
  await deps.database.withPlatform('recover_steps', async (tx) => {
    const taken = await tx
      .select({ account_id: run_steps.account_id, id: run_steps.id, kind: run_steps.kind })
      .from(run_steps)
      .where(and(eq(run_steps.state, 'running'), eq(run_steps.worker_id, workerId)))
      // One that is locked is worked on: to wait for it with others locked would be a deadlock.
      .for('update', { skipLocked: true })
    const unended = taken.filter(({ id }) => !workingOn.has(id))
    await requeueSteps(tx, deps, unended)
  })
}

/**
 * Cancels what has not begun in cancelled accounts: steps that were given back after the account was
 * closed, or that were written to in that moment. A failing run is logged and does not stop the others.
 */
export async function cancelClosed({ database, logger }: WorkerDeps): Promise<void> {
  const found = await database.withPlatform('recover_steps', (tx) =>
    tx.execute<{ account_id: string; run_id: string }>(sql`
      select distinct s.account_id, s.run_id from accounts a join run_steps s on s.account_id = a.id
      where a.status = 'cancelled' and s.state in ('waiting', 'pending') limit ${BATCH}`),
  )
  for (const row of found) {
    const id = Number(row.run_id)
    const cancel = async (tx: Tx) => {
      await tx.select({ id: runs.id }).from(runs).where(eq(runs.id, id)).for('update')
      await cancelSteps(tx, id, ACCOUNT_CLOSED)
    }
    await database
      .withAccount({ accountId: Number(row.account_id) }, cancel)
      .catch((error: unknown) => {
        logger.error({ err: error, run_id: id }, 'steps of a closed account not cancelled')
      })
  }
}
