import { eq, sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { run_steps } from '../../db/schema/runs.ts'
import { settleFailures } from '../billing/settle-step.ts'
import { endRunIfDone } from './end-run.ts'
import { setCancelled } from './step-states.ts'

/** The message of runs that were cancelled with their account. */
export const ACCOUNT_CLOSED = 'The account was cancelled'

/**
 * Cancels the steps of a run that have not started, releases their credits and records why. Skips a step
 * that a worker is claiming: waiting for it would be a deadlock, because the worker waits for the run.
 * Returns the number of cancelled steps. The caller must have locked the run.
 */
export async function cancelSteps(tx: Tx, runId: number, why: string): Promise<number> {
  const notBegun = sql`select id from ${run_steps} where ${eq(run_steps.run_id, runId)}
    and state in ('waiting', 'pending') for update skip locked`
  const cancelled = await setCancelled(tx, sql`${run_steps.id} in (${notBegun})`)
  if (cancelled.length > 0) {
    await settleFailures(tx, cancelled[0]!.account_id, cancelled)
    await endRunIfDone(tx, runId, why)
  }
  return cancelled.length
}
