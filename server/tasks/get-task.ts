import { and, eq, getTableColumns, sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { content, tasks } from '../../db/schema/writer.ts'
import { notFound } from '../errors.ts'

/** Left out: the schedule of checks, which is internal, and the conflict, which is long and has its own endpoint. */
const {
  verify_at: _at,
  verifications: _times,
  conflict: _conflict,
  wp_told_at: _told,
  ...taskColumns
} = getTableColumns(tasks)

export { taskColumns }
/** The columns of a task in lists. */
export const taskSelection = {
  ...taskColumns,
  // Written out because drizzle omits the table name from columns in a select from one table.
  keyword_objects: sql<
    number[]
  >`(select coalesce(json_agg(k.keyword_id order by k.keyword_id), '[]')
    from task_keywords k where k.account_id = tasks.account_id and k.task_id = tasks.id)`.as(
    'keyword_objects',
  ),
}

/** The task with its article. Throws a 404 for one of another account or on a site without a grant. */
export async function getTask(tx: Tx, id: number) {
  const [task] = await tx
    .select({ ...taskSelection, html_content: sql<string>`coalesce(${content.html_content}, '')` })
    .from(tasks)
    .leftJoin(content, and(eq(content.account_id, tasks.account_id), eq(content.task_id, tasks.id)))
    .where(eq(tasks.id, id))
  if (!task) throw notFound()
  return task
}
