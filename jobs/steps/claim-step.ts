import { and, eq, isNull, or, sql } from 'drizzle-orm'
import type { Scope } from '../../db/database.ts'
import { run_steps, runs } from '../../db/schema/runs.ts'
import { deathsWhenClaimed, setRunning } from '../../server/runs/step-states.ts'
import type { Step, WorkerDeps } from './step.ts'

/** The first half of the advisory lock that a living worker holds; the second is its id. */
export const WORKER_LOCK = 493_718

/** From this many deaths on a step runs alone, to find out whether it is the one that kills workers. */
export const ALONE_AFTER_DEATHS = 3
/** After this many deaths, the last three while it ran alone, a step is given up. */
export const DEATHS_LIMIT = 6

/** True while the worker that claimed the step is connected. */
const workerAlive = sql`exists (select from pg_locks l
  where l.locktype = 'advisory' and l.granted and l.objsubid = 2
    and l.database = (select oid from pg_database where datname = current_database())
    and l.classid = ${sql.raw(String(WORKER_LOCK))} and l.objid = ${run_steps.worker_id}::oid)`

/** Started by a worker that died. It continues whatever the state of its account. */
export const isAbandoned = and(eq(run_steps.state, 'running'), sql`not ${workerAlive}`)

/** Steps of a suspended or cancelled account wait until it is active again. */
export const accountIsOpen = sql`exists (select from accounts
  where accounts.id = run_steps.account_id and accounts.status in ('active', 'trial'))`

/** Waits only for a worker. */
export const isDue = and(
  isNull(run_steps.held),
  sql`coalesce(greatest(${run_steps.not_before}, ${run_steps.retry_at}), now()) <= now()`,
)

const isClaimable = or(and(eq(run_steps.state, 'pending'), isDue, accountIsOpen), isAbandoned)

/** A step that is given up need not run alone. */
const runsAlone = sql<boolean>`${deathsWhenClaimed} between ${ALONE_AFTER_DEATHS} and ${DEATHS_LIMIT - 1}`

/**
 * Claims a step for this worker with a new attempt number. Undefined if the step has ended, a living worker
 * has it, it is on hold, or it has not started and its account is closed. A step that must run alone is
 * claimed only with `alone`. The death of its previous worker is counted but does not use up a retry.
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

/** Whether a step could be claimed if it ran alone. */
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
