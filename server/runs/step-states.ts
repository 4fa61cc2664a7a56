import { and, eq, inArray, type SQL, sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { type Failure, run_steps } from '../../db/schema/runs.ts'

type Step = typeof run_steps.$inferSelect
/** Which steps change. Required: an update without a condition would change every step of the account. */
type Which = SQL | undefined

/** Null for a step that may be claimed at once. */
const inSeconds = (seconds: number) =>
  seconds > 0 ? sql`now() + ${seconds} * interval '1 second'` : null

/** Workers that died on the step, including the one that has it when it is claimed again. */
export const deathsWhenClaimed = sql<number>`${run_steps.deaths} + (${run_steps.state} = 'running')::int`

/**
 * pending → running, and running → running when its worker died: a new attempt by `workerId`. Returns
 * undefined when `which` finds no step.
 */
export async function setRunning(
  tx: Tx,
  which: Which,
  workerId: number,
): Promise<Step | undefined> {
  const [step] = await tx
    .update(run_steps)
    .set({
      state: 'running',
      attempt: sql`${run_steps.attempt} + 1`,
      deaths: deathsWhenClaimed,
      worker_id: workerId,
      released_at: sql`case when ${run_steps.attempt} = 0 then now() else ${run_steps.released_at} end`,
      updated_at: sql`now()`,
    })
    .where(which)
    .returning()
  return step
}

/** running → succeeded. The caller has fenced the step. */
export async function setSucceeded(tx: Tx, id: number, result: Step['result']): Promise<void> {
  await tx
    .update(run_steps)
    .set({ state: 'succeeded', result, error: null, checkpoint: null, updated_at: sql`now()` })
    .where(eq(run_steps.id, id))
}

/** running → failed. The caller has fenced the step. */
export async function setFailed(tx: Tx, id: number, error: Failure): Promise<void> {
  await tx
    .update(run_steps)
    .set({ state: 'failed', error, checkpoint: null, updated_at: sql`now()` })
    .where(eq(run_steps.id, id))
}

/** running → pending, to be claimed again after `seconds`. The caller enqueues the steps. */
export async function setPending(
  tx: Tx,
  which: Which,
  { seconds, ...changes }: { seconds: number } & Partial<Pick<Step, 'retries' | 'deaths'>>,
): Promise<void> {
  await tx
    .update(run_steps)
    .set({ ...toPending, ...changes, retry_at: inSeconds(seconds) })
    .where(which)
}

/** running → pending, to be claimed again when `held` is cleared or the time in `not_before` has come. */
export async function setHeld(
  tx: Tx,
  id: number,
  changes: Partial<Pick<Step, 'held' | 'retries'>>,
): Promise<void> {
  await tx
    .update(run_steps)
    .set({ ...toPending, ...changes, deaths: 0 })
    .where(eq(run_steps.id, id))
}

const toPending = { state: 'pending', worker_id: null, updated_at: sql`now()` } as const

/** Clears what pending steps wait for. Returns them, in no order; the caller enqueues them. */
export function release(
  tx: Tx,
  which: Which,
  also: { not_before?: null; retry_at?: null } = {},
): Promise<Step[]> {
  return tx
    .update(run_steps)
    .set({ ...also, held: null, released_at: sql`now()`, updated_at: sql`now()` })
    .where(and(eq(run_steps.state, 'pending'), which))
    .returning()
}

/** waiting → pending for the steps after this one. Returns them, in no order; the caller enqueues them. */
export function beginNext(tx: Tx, id: number): Promise<Step[]> {
  return tx
    .update(run_steps)
    .set({ state: 'pending', updated_at: sql`now()` })
    .where(and(eq(run_steps.after_step_id, id), eq(run_steps.state, 'waiting')))
    .returning()
}

/** waiting or pending → cancelled. Returns the steps; the caller releases what they hold. */
export function setCancelled(tx: Tx, which: Which): Promise<Step[]> {
  return tx
    .update(run_steps)
    .set({ state: 'cancelled', checkpoint: null, held: null, updated_at: sql`now()` })
    .where(and(inArray(run_steps.state, ['waiting', 'pending']), which))
    .returning()
}
