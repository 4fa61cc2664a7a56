import { sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { tasks } from '../../db/schema/writer.ts'

/**
 * Withdraws the approval of tasks after a change that is not in their own columns; triggers handle changes
 * of columns. Their entity tags change too. The caller must have locked the tasks.
 */
export async function withdrawApproval(tx: Tx, ids: number[]): Promise<void> {
  await tx
    .update(tasks)
    .set({ approved_at: null, approved_by: null, updated_at: sql`clock_timestamp()` })
    .where(sql`${tasks.id} = any(${sql.param(ids)}::bigint[])`)
}
