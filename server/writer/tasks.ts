import { or } from 'drizzle-orm'
import { z } from 'zod'
import type { Tx } from '../../db/database.ts'
import { CONTENT_STRUCTURES, CONTENT_TYPES } from '../../db/schema/planner.ts'
import { TASK_STATUSES, tasks } from '../../db/schema/writer.ts'
import { contains, equalTo, listPage, listQuery } from '../http/lists.ts'
import { bytesOf } from '../http/response-size.ts'
import { queryId } from '../http/schemas.ts'
import { taskColumns, taskSelection } from '../tasks/get-task.ts'

const TASK_ORDERINGS = {
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
    bytes: bytesOf(taskColumns),
    rows: tx.select(taskSelection).from(tasks).$dynamic(),
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
