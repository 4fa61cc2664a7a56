import { and, eq, sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { task_keywords } from '../../db/schema/writer.ts'

/** Makes `ids` the task's keywords. */
export async function linkKeywords(
  tx: Tx,
  accountId: number,
  taskId: number,
  ids: number[],
): Promise<void> {
  // Those that stay are left as they are: what changes takes the task's approval back.
  await tx
    .delete(task_keywords)
    .where(
      and(
        eq(task_keywords.task_id, taskId),
        sql`${task_keywords.keyword_id} <> all(${sql.param(ids)}::bigint[])`,
      ),
    )
  if (ids.length === 0) return
  await tx
    .insert(task_keywords)
    .values(ids.map((keyword_id) => ({ account_id: accountId, task_id: taskId, keyword_id })))
    .onConflictDoNothing()
}
