import { and, eq, getTableColumns, or, sql } from 'drizzle-orm'
import { z } from 'zod'
import { CONTENT_STRUCTURES, CONTENT_TYPES } from '../../db/schema/planner.ts'
import { content, TASK_STATUSES, tasks } from '../../db/schema/writer.ts'
import type { Tx } from '../../db/tenancy.ts'
import { notFound } from '../errors.ts'
import { contains, equalTo, listPage, listQuery } from '../http/lists.ts'
import { queryId } from '../http/schemas.ts'

/** When the post is looked at is the worker's affair; a conflict is long, and asked for by itself. */
const {
  verify_at: _at,
  verifications: _times,
  conflict: _conflict,
  ...columns
} = getTableColumns(tasks)
const selection = {
  ...columns,
  // As text: drizzle leaves out the tables of columns in a selection from one table.
  keyword_objects: sql<
    number[]
  >`(select coalesce(json_agg(k.keyword_id order by k.keyword_id), '[]')
    from task_keywords k where k.account_id = tasks.account_id and k.task_id = tasks.id)`.as(
    'keyword_objects',
  ),
}

export const TASK_ORDERINGS = {
  title: tasks.title,
  created_at: tasks.created_at,
  word_count: tasks.word_count,
  status: tasks.status,
}
export const TaskQuery = listQuery(TASK_ORDERINGS, {
  status: z.enum(TASK_STATUSES).optional(),
  cluster_id: queryId.optional(),
  idea_id: queryId.optional(),
  content_type: z.enum(CONTENT_TYPES).optional(),
  content_structure: z.enum(CONTENT_STRUCTURES).optional(),
  site_id: queryId.optional(),
  sector_id: queryId.optional(),
})

/** A page of tasks without their articles, searched by title and keywords. */
export function listTasks(tx: Tx, url: string, query: z.infer<typeof TaskQuery>) {
  const { status, cluster_id, idea_id, content_type, content_structure, site_id, sector_id } = query
  return listPage(tx, {
    url,
    query,
    orderings: TASK_ORDERINGS,
    defaultOrdering: '-created_at',
    from: tasks,
    rows: tx.select(selection).from(tasks).$dynamic(),
    where: [
      or(contains(tasks.title, query.search), contains(tasks.keywords, query.search)),
      ...equalTo(tasks, {
        status,
        cluster_id,
        idea_id,
        content_type,
        content_structure,
        site_id,
        sector_id,
      }),
    ],
  })
}

/** The task with its article, or a 404 when it is not the account's or on a site not granted. */
export async function getTask(tx: Tx, id: number) {
  const [task] = await tx
    .select({ ...selection, html_content: sql<string>`coalesce(${content.html_content}, '')` })
    .from(tasks)
    .leftJoin(content, and(eq(content.account_id, tasks.account_id), eq(content.task_id, tasks.id)))
    .where(eq(tasks.id, id))
  if (!task) throw notFound()
  return task
}
