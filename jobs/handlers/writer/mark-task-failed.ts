import { eq, sql } from 'drizzle-orm'
import type { Tx } from '../../../db/database.ts'
import type { Failure } from '../../../db/schema/runs.ts'
import { tasks } from '../../../db/schema/writer.ts'
import type { Step } from '../../steps/step.ts'

/** Resets a task to the status before the step and stores the step's error. */
export async function markTaskFailed(
  tx: Tx,
  step: Step,
  { code, message }: Failure,
): Promise<void> {
  await tx
    .update(tasks)
    .set({
      error: { code, message, at: new Date().toISOString() },
      status: sql`case ${tasks.status} when 'in_progress' then 'queued' else ${tasks.status} end`,
      updated_at: sql`now()`,
    })
    .where(eq(tasks.id, step.object_id))
}
