import { count as countRows, eq } from 'drizzle-orm'
import type { z } from 'zod'
import { content } from '../../db/schema/writer.ts'
import type { Tx } from '../../db/tenancy.ts'
import { audit } from '../audit.ts'
import type { Deps } from '../deps.ts'
import { notFound } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import { contains, listPage, listQuery } from '../http/lists.ts'
import { queryId } from '../http/schemas.ts'
import { lockTasks } from './lock-tasks.ts'
import { saveArticle } from './save-article.ts'
import type { UpdateContent } from './schemas.ts'

export const CONTENT_ORDERINGS = { created_at: content.created_at, word_count: content.word_count }
export const ContentQuery = listQuery(CONTENT_ORDERINGS, {
  task_id: queryId.optional(),
  site_id: queryId.optional(),
  sector_id: queryId.optional(),
})

/** A page of articles, searched by their text. */
export function listContent(tx: Tx, url: string, query: z.infer<typeof ContentQuery>) {
  return listPage({
    url,
    query,
    orderings: CONTENT_ORDERINGS,
    defaultOrdering: '-created_at',
    id: content.id,
    where: [
      contains(content.html_content, query.search),
      query.task_id ? eq(content.task_id, query.task_id) : undefined,
      query.site_id ? eq(content.site_id, query.site_id) : undefined,
      query.sector_id ? eq(content.sector_id, query.sector_id) : undefined,
    ],
    rows: ({ where, orderBy, limit, offset }) =>
      tx
        .select()
        .from(content)
        .where(where)
        .orderBy(...orderBy)
        .limit(limit)
        .offset(offset),
    count: async (where) => (await tx.select({ n: countRows() }).from(content).where(where))[0]!.n,
  })
}

export async function getContent(tx: Tx, id: number) {
  const [found] = await tx.select().from(content).where(eq(content.id, id))
  if (!found) throw notFound()
  return found
}

/** Changes a task's article: the same as `html_content` on the task itself. */
export function updateContent(
  deps: Deps,
  caller: Caller,
  id: number,
  { html_content }: z.infer<typeof UpdateContent>,
) {
  const { accountId, userId, requestId } = caller
  return deps.doors.withAccount(caller.scope, async (tx) => {
    const { task_id } = await getContent(tx, id)
    const [task] = await lockTasks(tx, [task_id])
    if (!task) throw notFound()
    await saveArticle(tx, task, html_content)
    const object = { type: 'task', id: task_id }
    await audit(tx, { accountId, userId, requestId, action: 'task.updated', object })
    return getContent(tx, id)
  })
}
