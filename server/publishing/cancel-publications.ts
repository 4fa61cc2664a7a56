import { and, eq, sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { wordpress_deliveries } from '../../db/schema/bridge.ts'
import { run_steps, runs } from '../../db/schema/runs.ts'
import { settleFailures } from '../billing/settle-step.ts'
import { DomainError } from '../errors.ts'
import { endRunIfDone } from '../runs/end-run.ts'
import { openSteps } from '../runs/open-steps.ts'
import { setCancelled } from '../runs/step-states.ts'

/**
 * Cancels the publications of a task that have not begun: those that wait for their time, their slot,
 * approval, a paused site or a retry. The caller has locked the task, so that none is accepted meanwhile.
 * A step that is locked is being worked on: to wait for it, which may wait for the task, would be a deadlock.
 * Throws `already_running` while one is being sent, or belongs to a run that still makes the article or
 * its images. Returns whether one of them may have reached WordPress already.
 */
export async function cancelPublications(tx: Tx, taskId: number): Promise<boolean> {
  const steps = () =>
    tx
      .select({ id: run_steps.id, run_id: run_steps.run_id, state: run_steps.state })
      .from(run_steps)
      .where(openSteps('publish', taskId))
      .orderBy(run_steps.id)
  const locked = new Set((await steps().for('update', { skipLocked: true })).map(({ id }) => id))
  const open = await steps()
  const running = open.find(({ id, state }) => state === 'running' || !locked.has(id))
  if (running) {
    throw underWay(taskId, running.run_id, 'is being published')
  }
  const waiting = open.find(({ state }) => state === 'waiting')
  if (waiting) throw underWay(taskId, waiting.run_id, 'is being written, to be published')
  for (const step of open) await cancel(tx, step)
  const ids = open.map(({ id }) => id)
  return wereBegun(tx, taskId, ids)
}

/** Throws `already_running` when one of the locked tasks is being unpublished: what follows must wait. */
export async function requireNotUnpublishing(tx: Tx, taskIds: number[]): Promise<void> {
  const [step] = await tx
    .select({ task_id: run_steps.object_id, run_id: run_steps.run_id })
    .from(run_steps)
    .where(openSteps('unpublish', ...taskIds))
    .limit(1)
  if (step) throw underWay(step.task_id, step.run_id, 'is being unpublished')
}

/** Its task is locked before its run, as when a publication begins. */
async function cancel(tx: Tx, { id, run_id }: { id: number; run_id: number }): Promise<void> {
  const [cancelled] = await setCancelled(tx, eq(run_steps.id, id))
  await tx.select({ id: runs.id }).from(runs).where(eq(runs.id, run_id)).for('update')
  await settleFailures(tx, cancelled!.account_id, [cancelled!])
  await endRunIfDone(tx, run_id, 'Cancelled because the task is being unpublished')
}

/** Whether an attempt at one of the steps was sent: each has its delivery. */
async function wereBegun(tx: Tx, taskId: number, stepIds: number[]): Promise<boolean> {
  if (stepIds.length === 0) return false
  const [delivery] = await tx
    .select({ id: wordpress_deliveries.id })
    .from(wordpress_deliveries)
    .where(
      and(
        eq(wordpress_deliveries.kind, 'publish'),
        eq(wordpress_deliveries.task_id, taskId),
        sql`${wordpress_deliveries.payload} ->> 'step_id' = any(${sql.param(stepIds.map(String))}::text[])`,
      ),
    )
    .limit(1)
  return delivery !== undefined
}

function underWay(taskId: number, runId: number, what: string): DomainError {
  return new DomainError(
    'already_running',
    `Task ${taskId} ${what} (run ${runId}). Wait for that run or cancel it, then try again.`,
  )
}
