import { eq, sql } from 'drizzle-orm'
import { type Failure, type RunState, run_steps, runs } from '../db/schema/system.ts'
import type { Tx } from '../db/tenancy.ts'

type StepRow = Pick<
  typeof run_steps.$inferSelect,
  'id' | 'kind' | 'object_id' | 'state' | 'result' | 'error'
>

const OPEN = new Set(['waiting', 'pending', 'running'])

/**
 * Brings a run's progress up to its steps, and ends it when all have ended: FAILURE when one failed,
 * CANCELLED when one was cancelled, else SUCCESS. The caller has locked the run.
 */
export async function endRunIfDone(tx: Tx, runId: number, message: string): Promise<void> {
  const steps: StepRow[] = await tx
    .select({
      id: run_steps.id,
      kind: run_steps.kind,
      object_id: run_steps.object_id,
      state: run_steps.state,
      result: run_steps.result,
      error: run_steps.error,
    })
    .from(run_steps)
    .where(eq(run_steps.run_id, runId))
    .orderBy(run_steps.id)
  const ended = steps.filter((step) => !OPEN.has(step.state))
  const done = ended.length === steps.length
  await tx
    .update(runs)
    .set({
      message,
      // A run of one step counts its own units until the end.
      ...(steps.length > 1 ? { current: ended.length } : {}),
      ...(done ? ending(steps) : {}),
      updated_at: sql`now()`,
    })
    .where(eq(runs.id, runId))
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
      steps: steps.map(({ kind, object_id, state, result, error }) => ({
        kind,
        object_id,
        state,
        ...(result ? { result } : {}),
        ...(error ? { error } : {}),
      })),
    },
    error: failed.length > 0 ? failureOf(failed, steps.length) : null,
    secret: null,
    finished_at: sql`now()`,
  }
}

/** The one failure itself, or a sentence that counts them and shows the first. */
function failureOf(failed: StepRow[], total: number): Failure {
  const first = failed[0]?.error ?? { code: 'internal', message: 'failed' }
  if (failed.length === 1) return first
  return {
    code: first.code,
    message: `${failed.length} of ${total} steps failed; the first: ${first.message}`,
  }
}
