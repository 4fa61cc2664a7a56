import { sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { tasks } from '../../db/schema/writer.ts'

/**
 * Takes the approval of tasks back because of a change that is in no column of theirs; triggers do it for
 * those that are. Their entity tags change too. The caller has locked them.
 */
export async function takeApprovalBack(tx: Tx, ids: number[]): Promise<void> {
  await tx
    .update(tasks)
    .set({ approved_at: null, approved_by: null, updated_at: sql`clock_timestamp()` })
    .where(sql`${tasks.id} = any(${sql.param(ids)}::bigint[])`)
}
