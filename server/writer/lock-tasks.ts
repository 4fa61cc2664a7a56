import { sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { openStates } from '../../db/schema/runs.ts'
import { tasks } from '../../db/schema/writer.ts'

type TaskState = Pick<
  typeof tasks.$inferSelect,
  'id' | 'account_id' | 'site_id' | 'sector_id' | 'idea_id' | 'status'
>
/** `busy`: a run has a step of it that has not ended. */
export type LockedTask = TaskState & { busy: boolean; has_article: boolean }

/**
 * Locks tasks for what depends on how they stand, so that a change, a deletion and the acceptance of
 * a run take turns. Those that the caller may not see are left out; the others keep the order of `ids`.
 */
export async function lockTasks(tx: Tx, ids: number[]): Promise<LockedTask[]> {
  const wanted = sql`${sql.param(ids)}::bigint[]`
  const rows: TaskState[] = await tx
    .select({
      id: tasks.id,
      account_id: tasks.account_id,
      site_id: tasks.site_id,
      sector_id: tasks.sector_id,
      idea_id: tasks.idea_id,
      status: tasks.status,
    })
    .from(tasks)
    .where(sql`${tasks.id} = any(${wanted})`)
    .orderBy(tasks.id)
    .for('update')
  // A query of its own: it must see what was committed while the first one waited for its locks.
  const states = await tx.execute<{ id: string; busy: boolean; has_article: boolean }>(sql`
    select t.id,
      exists (select from run_steps s where s.object_id = t.id
        and s.kind in ('generate_content', 'generate_images', 'publish', 'unpublish')
        and s.state in ${openStates}) as busy,
      exists (select from content c where c.task_id = t.id and c.html_content <> '') as has_article
    from tasks t where t.id = any(${wanted})`)
  const stateOf = new Map([...states].map(({ id, ...state }) => [Number(id), state]))
  const taskOf = new Map(rows.map((row) => [row.id, { ...row, ...stateOf.get(row.id)! }]))
  return [...new Set(ids)].flatMap((id) => taskOf.get(id) ?? [])
}
