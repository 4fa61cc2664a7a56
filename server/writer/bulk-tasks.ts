import { sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { content_ideas } from '../../db/schema/planner.ts'
import { tasks } from '../../db/schema/writer.ts'
import type { Deps } from '../deps.ts'
import { notFound } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import { audit } from '../observability/audit.ts'
import { busy, type SettableStatus, setStatus, statusRefusal } from '../tasks/task-status.ts'
import { type LockedTask, lockTasks } from './lock-tasks.ts'
import type { BulkResult } from './schemas.ts'

/** Deletes a task with its article and images, but not its post in WordPress. Throws a 409 while a run works on it. */
export async function deleteTask(tx: Tx, id: number): Promise<void> {
  const [task] = await lockToDelete(tx, [id])
  if (!task) throw notFound()
  if (task.busy) throw busy(id)
  await deleteRows(tx, [task])
}

/** Deletes tasks. Returns the result of each id: deleted, `not_found` or `already_running`. */
export function bulkDeleteTasks(deps: Deps, caller: Caller, ids: number[]) {
  return deps.database.withAccount(caller.scope, async (tx) => {
    const { results, passed } = judge(ids, await lockToDelete(tx, ids), (task) =>
      task.busy ? 'already_running' : undefined,
    )
    await deleteRows(tx, passed)
    await auditTasks(tx, caller, 'task.deleted', idsOf(passed))
    return { deleted: passed.length, results }
  })
}

/** Sets the status of tasks. Returns the result of each id: updated, `not_found`, `already_running` or `wrong_state`. */
export function bulkUpdateTasks(
  deps: Deps,
  caller: Caller,
  { ids, status }: { ids: number[]; status: SettableStatus },
) {
  return deps.database.withAccount(caller.scope, async (tx) => {
    const { results, passed } = judge(
      ids,
      await lockTasks(tx, ids),
      (task) => statusRefusal(task, status)?.code,
    )
    await setStatus(tx, idsOf(passed), status)
    await auditTasks(tx, caller, 'task.updated', idsOf(passed), { status })
    return { updated: passed.length, results }
  })
}

const idsOf = (rows: LockedTask[]) => rows.map(({ id }) => id)

function judge(
  ids: number[],
  found: LockedTask[],
  refusal: (task: LockedTask) => string | undefined,
): { results: BulkResult[]; passed: LockedTask[] } {
  const taskOf = new Map(found.map((task) => [task.id, task]))
  const results = [...new Set(ids)].map((id): BulkResult => {
    const task = taskOf.get(id)
    const code = task ? refusal(task) : 'not_found'
    return code ? { id, ok: false, code } : { id, ok: true }
  })
  return { results, passed: results.filter(({ ok }) => ok).map(({ id }) => taskOf.get(id)!) }
}

/** Locks the ideas before the tasks, in the same order as queueing ideas does, to avoid a deadlock. */
export async function lockToDelete(tx: Tx, ids: number[]): Promise<LockedTask[]> {
  await tx.execute(sql`select id from content_ideas
    where id in (select idea_id from tasks where id = any(${sql.param(ids)}::bigint[]))
    order by id for update`)
  return lockTasks(tx, ids)
}

/** An idea whose task was deleted can be queued again. */
async function deleteRows(tx: Tx, rows: LockedTask[]): Promise<void> {
  const ideas = rows.flatMap(({ idea_id }) => idea_id ?? [])
  // The records that publishing keeps of their posts contain the texts.
  await tx.execute(sql`delete from wordpress_objects where kind = 'post'
    and key in (select publication_key::text from tasks where id = any(${sql.param(idsOf(rows))}::bigint[]))`)
  await tx.delete(tasks).where(sql`${tasks.id} = any(${sql.param(idsOf(rows))}::bigint[])`)
  if (ideas.length === 0) return
  await tx
    .update(content_ideas)
    .set({ status: 'new', updated_at: sql`now()` })
    .where(
      sql`${content_ideas.id} = any(${sql.param(ideas)}::bigint[])
        and ${content_ideas.status} = 'scheduled'`,
    )
}

async function auditTasks(
  tx: Tx,
  caller: Caller,
  action: 'task.deleted' | 'task.updated',
  ids: number[],
  more: Record<string, unknown> = {},
): Promise<void> {
  if (ids.length === 0) return
  await audit(tx, caller, action, { detail: { task_ids: ids, ...more } })
}
