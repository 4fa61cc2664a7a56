import { and, eq, isNull, or, sql } from 'drizzle-orm'
import type { Scope } from '../../db/database.ts'
import { run_steps, runs } from '../../db/schema/runs.ts'
import { deathsWhenClaimed, setRunning } from '../../server/runs/step-states.ts'
import type { Step, WorkerDeps } from './step.ts'

/** The first half of the advisory lock that a living worker holds; the second is its id. */
export const WORKER_LOCK = 493_718

/** From so many deaths on, a step runs alone: then it is known whether it is the one that kills. */
export const DEATHS_IN_COMPANY = 3
/** So many deaths, the last three of them alone, and the step is given up. */
export const DEATHS_LIMIT = 6

/** True while the worker that took the step is connected. */
const workerAlive = sql`exists (select from pg_locks l
  where l.locktype = 'advisory' and l.granted and l.objsubid = 2
    and l.database = (select oid from pg_database where datname = current_database())
    and l.classid = ${sql.raw(String(WORKER_LOCK))} and l.objid = ${run_steps.worker_id}::oid)`

/** Begun by a worker that died: it is carried on, in whatever state its account is. */
export const isAbandoned = and(eq(run_steps.state, 'running'), sql`not ${workerAlive}`)

/** A suspended or cancelled account begins nothing: its steps wait until it is active again. */
export const accountIsOpen = sql`exists (select from accounts
  where accounts.id = run_steps.account_id and accounts.status in ('active', 'trial'))`

/** Waits for nothing but a worker. */
export const isDue = and(
  isNull(run_steps.held),
  sql`coalesce(greatest(${run_steps.not_before}, ${run_steps.retry_at}), now()) <= now()`,
)

const isClaimable = or(and(eq(run_steps.state, 'pending'), isDue, accountIsOpen), isAbandoned)

/** One that is given up does nothing that kills. */
const runsAlone = sql<boolean>`${deathsWhenClaimed} between ${DEATHS_IN_COMPANY} and ${DEATHS_LIMIT - 1}`

/**
 * Takes a step for this worker, with a new attempt number; undefined when it has ended, a living
 * worker has it, it waits for something, or it has not begun and its account is closed. A step that
 * must run alone is taken only when `alone`. The death of the worker that had it is counted, and costs
 * the step none of its retries.
 */
export function claimStep(
  deps: WorkerDeps,
  scope: Scope,
  stepId: number,
  { workerId, alone }: { workerId: number; alone: boolean },
): Promise<Step | undefined> {
  return deps.database.withAccount(scope, async (tx) => {
    const which = and(
      eq(run_steps.id, stepId),
      isClaimable,
      alone ? undefined : sql`not (${runsAlone})`,
    )
    const step = await setRunning(tx, which, workerId)
    if (!step) return undefined
    await tx
      .update(runs)
      .set({ state: 'PROGRESS', phase: step.kind, updated_at: sql`now()` })
      .where(eq(runs.id, step.run_id))
    return step
  })
}

/** Whether a step could be taken if it ran alone. */
export function mustRunAlone({ database }: WorkerDeps, scope: Scope, stepId: number) {
  return database.withAccount(
    scope,
    async (tx) => {
      const found = await tx
        .select({ id: run_steps.id })
        .from(run_steps)
        .where(and(eq(run_steps.id, stepId), isClaimable, runsAlone))
      return found.length > 0
    },
    { readOnly: true },
  )
}
