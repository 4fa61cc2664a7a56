import { and, eq, sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { run_steps, runs } from '../../db/schema/runs.ts'
import { ACCOUNT_CLOSED, cancelSteps } from '../../server/runs/cancel-steps.ts'
import type { QueuedStep } from '../../server/runs/queue.ts'
import { ALONE_AFTER_DEATHS, accountIsOpen, isAbandoned, isDue } from './claim-step.ts'
import { requeueSteps } from './finish-step.ts'
import type { WorkerDeps } from './step.ts'

/** A pending step without a job for this long has lost its job to a killed worker. */
const FORGOTTEN_SECONDS = 20
const BATCH = 1_000
/**
 * The delay before the second and third time that a step runs alone. Causes that have nothing to do with the
 * step should be over by then.
 */
const ALONE_AGAIN_SECONDS = [30, 120]

/** Has a waiting job. Written like the unique index of pg-boss, so that it is used. */
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
 * Enqueues the steps of killed workers: those that were running, oldest first, and pending ones whose job
 * was fetched; also steps whose slot is due. Takes a few statements for any number of steps. `atStart`:
 * includes pending steps of any age. `of`: only these workers count as killed.
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
  const afterSeconds = ALONE_AGAIN_SECONDS[deaths - ALONE_AFTER_DEATHS - 1] ?? 0
  return { account_id: Number(account_id), id: Number(id), kind, afterSeconds }
}

/**
 * Requeues steps that this worker claimed but no longer runs, because the database was unavailable when they
 * ended. It does not use up a retry. `workingOn` contains a step from
 * before its claim until its end, so it is read after the steps.
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
      // A locked step is in use; waiting for it while holding other locks could deadlock.
      .for('update', { skipLocked: true })
    const unended = taken.filter(({ id }) => !workingOn.has(id))
    await requeueSteps(tx, deps, unended)
  })
}

/**
 * Cancels open steps of cancelled accounts: those that returned to the queue after the account was closed,
 * or were locked at that moment. A failing run is logged and does not stop the others.
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
