import { eq, sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { type Failure, openStates, type RunState, run_steps, runs } from '../../db/schema/runs.ts'

type StepRow = Pick<
  typeof run_steps.$inferSelect,
  'kind' | 'object_id' | 'state' | 'result' | 'error'
> & { leftOut: boolean }

/** The most bytes of the results and errors of all steps as JSON: one response has all of them. */
const MAX_RESULT_BYTES = 4 * 1024 * 1024

/**
 * Updates a run's progress from its steps, and ends the run when all have ended: FAILURE if one failed,
 * CANCELLED if one was cancelled, otherwise SUCCESS. The caller must have locked the run. Results beyond
 * `MAX_RESULT_BYTES` are left out.
 */
export async function endRunIfDone(tx: Tx, runId: number, message: string): Promise<void> {
  const [steps] = await tx
    .select({
      all: sql`count(*)`.mapWith(Number),
      ended: sql`count(*) filter (where state not in ${openStates})`.mapWith(Number),
    })
    .from(run_steps)
    .where(eq(run_steps.run_id, runId))
  const { all, ended } = steps!
  await tx
    .update(runs)
    .set({
      message,
      // A run of one step counts its own units until the end.
      ...(all > 1 ? { current: ended } : {}),
      ...(ended === all ? ending(await readSteps(tx, runId)) : {}),
      updated_at: sql`now()`,
    })
    .where(eq(runs.id, runId))
}

function readSteps(tx: Tx, runId: number): Promise<StepRow[]> {
  const bytes = sql`coalesce(octet_length(result::text), 0) + coalesce(octet_length(error::text), 0)`
  const fits = sql`sum(${bytes}) over (order by id) <= ${MAX_RESULT_BYTES}`
  return tx
    .select({
      kind: run_steps.kind,
      object_id: run_steps.object_id,
      state: run_steps.state,
      result: sql<StepRow['result']>`case when ${fits} then result end`,
      error: sql<StepRow['error']>`case when ${fits} then error end`,
      leftOut: sql<boolean>`(result is not null or error is not null) and not ${fits}`,
    })
    .from(run_steps)
    .where(eq(run_steps.run_id, runId))
    .orderBy(run_steps.id)
}

function ending(steps: StepRow[]) {
  const failed = steps.filter((step) => step.state === 'failed')
  const cancelled = steps.some((step) => step.state === 'cancelled')
  const state: RunState = failed.length > 0 ? 'FAILURE' : cancelled ? 'CANCELLED' : 'SUCCESS'
  return {
    state,
    phase: state === 'SUCCESS' ? 'done' : state.toLowerCase(),
    ...(state === 'SUCCESS' ? { current: sql`${runs.total}` } : {}),
    result: {
      steps: steps.map(({ kind, object_id, state, result, error, leftOut }) => ({
        kind,
        object_id,
        state,
        ...(result ? { result } : {}),
        ...(error ? { error } : {}),
        ...(leftOut ? { left_out: true } : {}),
      })),
    },
    error: failed.length > 0 ? failureOf(failed, steps.length) : null,
    secret: null,
    finished_at: sql`now()`,
  }
}

/** The failure of a single step, or a sentence with the number of failures and the first one. */
function failureOf(failed: StepRow[], total: number): Failure {
  const first = failed[0]?.error ?? { code: 'internal', message: 'failed' }
  if (failed.length === 1) return first
  return {
    code: first.code,
    message: `${failed.length} of ${total} steps failed. The first error: ${first.message}`,
  }
}
