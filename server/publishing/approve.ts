import { and, eq, sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { users } from '../../db/schema/accounts.ts'
import { run_steps } from '../../db/schema/runs.ts'
import { content, tasks } from '../../db/schema/writer.ts'
import type { Deps } from '../deps.ts'
import { DomainError, notFound } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import { requireMatch } from '../http/entity-tag.ts'
import { type Actor, auditAll } from '../observability/audit.ts'
import type { Queue } from '../runs/queue.ts'
import { release } from '../runs/step-states.ts'
import { getTask } from '../tasks/get-task.ts'
import { setApproved } from '../tasks/task-status.ts'
import { enqueueTaskWebhooks } from './deliveries.ts'

/**
 * Approves the current version of these articles and releases the publications that waited for it.
 * `approvedBy` is the name of the person; `ifMatch` lists the entity tags of the tasks as they were read.
 * Throws a 404 for a task that the caller cannot see, `wrong_state` if one has no article, and
 * `precondition_failed` if one has changed since it was read. Returns the number of articles.
 */
export async function approveTasks(
  tx: Tx,
  queue: Queue,
  by: Actor,
  approvedBy: string,
  ids: number[],
  ifMatch?: string,
): Promise<number> {
  const unique = [...new Set(ids)].sort((a, b) => a - b)
  await requireArticles(tx, unique)
  if (ifMatch !== undefined) {
    for (const id of unique) await requireMatch(ifMatch, await getTask(tx, id))
  }
  await setApproved(tx, unique, approvedBy)
  const detail = { approved_by: approvedBy }
  const approved = unique.map((id) => ({ object: { type: 'task', id } as const, detail }))
  await auditAll(tx, by, 'task.approved', approved)
  await enqueueTaskWebhooks(tx, 'task.updated', ...unique)
  const released = await release(
    tx,
    and(
      eq(run_steps.kind, 'publish'),
      eq(run_steps.held, 'approval'),
      sql`${run_steps.object_id} = any(${sql.param(unique)}::bigint[])`,
    ),
  )
  await queue.enqueue(
    tx,
    released.sort((a, b) => a.id - b.id),
  )
  return unique.length
}

/** The same by a user of the account. Returns how many. */
export function approveAsUser(
  deps: Deps,
  user: Caller & { userId: number },
  ids: number[],
  ifMatch: string | undefined,
) {
  const { userId, scope } = user
  return deps.database.withAccount(scope, async (tx) => {
    const [row] = await tx.select({ email: users.email }).from(users).where(eq(users.id, userId))
    return approveTasks(tx, deps.queue, user, row!.email, ids, ifMatch)
  })
}

const among = (ids: number[]) => sql`${tasks.id} = any(${sql.param(ids)}::bigint[])`

/** Locks the tasks in the order of their ids, so that they cannot change while they are approved. */
async function requireArticles(tx: Tx, ids: number[]): Promise<void> {
  const found = await tx
    .select({ id: tasks.id })
    .from(tasks)
    .where(among(ids))
    .orderBy(tasks.id)
    .for('no key update')
  if (found.length < ids.length) throw notFound()
  const written = await tx
    .select({ id: content.task_id })
    .from(content)
    .where(
      sql`${content.task_id} = any(${sql.param(ids)}::bigint[]) and ${content.html_content} <> ''`,
    )
  const articles = new Set(written.map(({ id }) => id))
  const without = ids.filter((id) => !articles.has(id))
  if (without.length === 0) return
  const named = without.slice(0, 20).join(', ')
  throw new DomainError(
    'wrong_state',
    `Only a task with an article can be approved. Task ${named} has none; generate it first.`,
  )
}
