import type { Tx } from '../../../db/database.ts'
import type { Failure } from '../../../db/schema/runs.ts'
import { setFailed } from '../../../server/tasks/task-status.ts'
import type { Step } from '../../steps/step.ts'

/** Resets a task to the status before the step and stores the step's error. */
export async function markTaskFailed(
  tx: Tx,
  step: Step,
  { code, message }: Failure,
): Promise<void> {
  await setFailed(tx, step.object_id, { code, message, at: new Date().toISOString() })
}
