import { getTableColumns, sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { content_ideas, idea_keywords } from '../../db/schema/planner.ts'
import { task_keywords, tasks } from '../../db/schema/writer.ts'
import type { Deps } from '../deps.ts'
import type { Caller } from '../http/caller.ts'
import { answerTooLarge, bytesOf, MAX_RESPONSE_BYTES } from '../http/response-size.ts'
import { audit } from '../observability/audit.ts'

const {
  account_id: _account,
  verify_at: _at,
  verifications: _times,
  wp_told_at: _told,
  conflict: _conflict,
  ...columns
} = getTableColumns(tasks)

/**
 * Creates a writer task for each idea and marks the idea `scheduled`. An idea has at most one task, also
 * when it is queued concurrently; an existing task is returned. `results` reports ids that the caller
 * cannot see and published ideas whose task was deleted. Throws a 400 and creates nothing if the tasks are
 * too large for one response.
 */
export function queueIdeas(deps: Deps, caller: Caller, wanted: number[]) {
  const ids = [...new Set(wanted)]
  return deps.database.withAccount(caller.scope, async (tx) => {
    // A concurrent request for the same ideas waits here and then finds their tasks.
    const ideas = await tx
      .select({ id: content_ideas.id })
      .from(content_ideas)
      .where(among(content_ideas.id, ids))
      .orderBy(content_ideas.id)
      .for('update')
    const made = await insertTasks(tx, ids)
    await linkKeywords(tx, made)
    await requireAnswerable(tx, ids)
    const queued = await tx
      .select(columns)
      .from(tasks)
      .where(among(tasks.idea_id, ids))
      .orderBy(tasks.id)
    const detail = { ideas: ids.length, tasks: made.length }
    await audit(tx, caller, 'ideas.queued', { detail })
    return { created: made.length, tasks: queued, results: resultsOf(ids, ideas, queued, made) }
  })
}

async function requireAnswerable(tx: Tx, ids: number[]): Promise<void> {
  const [sum] = await tx
    .select({ bytes: sql`coalesce(sum(${bytesOf(columns)}), 0)`.mapWith(Number) })
    .from(tasks)
    .where(among(tasks.idea_id, ids))
  if (sum!.bytes <= MAX_RESPONSE_BYTES) return
  throw answerTooLarge('The tasks of these ideas have too much text. Queue fewer ideas at once.')
}

function among(column: typeof content_ideas.id | typeof tasks.idea_id, ids: number[]) {
  return sql`${column} = any(${sql.param(ids)}::bigint[])`
}

/** Returns the ids of the ideas that had no task and have one now. */
async function insertTasks(tx: Tx, ids: number[]): Promise<number[]> {
  const rows = await tx.execute<{ idea_id: string }>(sql`
    with made as (
      insert into tasks (account_id, site_id, sector_id, title, description, keywords, cluster_id,
        idea_id, content_structure, content_type)
      select account_id, site_id, sector_id, idea_title, description, target_keywords,
        keyword_cluster_id, id, content_structure, content_type
      from content_ideas
      where id = any(${sql.param(ids)}::bigint[]) and status in ('new', 'scheduled')
      order by array_position(${sql.param(ids)}::bigint[], id)
      on conflict (account_id, idea_id) do nothing
      returning idea_id)
    update content_ideas set status = 'scheduled', updated_at = now()
    from made where content_ideas.id = made.idea_id
    returning made.idea_id`)
  return rows.map(({ idea_id }) => Number(idea_id))
}

async function linkKeywords(tx: Tx, ideaIds: number[]): Promise<void> {
  await tx.execute(sql`
    insert into ${task_keywords} (account_id, task_id, keyword_id)
    select ${tasks.account_id}, ${tasks.id}, ${idea_keywords.keyword_id}
    from ${tasks} join ${idea_keywords} on ${idea_keywords.account_id} = ${tasks.account_id}
      and ${idea_keywords.idea_id} = ${tasks.idea_id}
    where ${among(tasks.idea_id, ideaIds)}`)
}

function resultsOf(
  ids: number[],
  ideas: { id: number }[],
  queued: { id: number; idea_id: number | null }[],
  made: number[],
) {
  const seen = new Set(ideas.map(({ id }) => id))
  const created = new Set(made)
  const taskOf = new Map(queued.map((task) => [task.idea_id, task.id]))
  return ids.map((id) => {
    const task_id = taskOf.get(id)
    if (task_id !== undefined) return { id, ok: true, task_id, created: created.has(id) }
    return { id, ok: false, code: seen.has(id) ? 'wrong_state' : 'not_found' }
  })
}
