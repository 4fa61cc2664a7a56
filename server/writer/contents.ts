import { eq, getTableColumns, inArray, or } from 'drizzle-orm'
import type { z } from 'zod'
import type { Tx } from '../../db/database.ts'
import { content, tasks } from '../../db/schema/writer.ts'
import { notFound } from '../errors.ts'
import { contains, equalTo, listPage, listQuery } from '../http/lists.ts'
import { bytesOf } from '../http/response-size.ts'
import { queryId } from '../http/schemas.ts'
import { lockTasks } from './lock-tasks.ts'
import { saveArticle } from './save-article.ts'
import type { UpdateContent } from './schemas.ts'

const CONTENT_ORDERINGS = { created_at: content.created_at, word_count: content.word_count }
export const ContentQuery = listQuery(CONTENT_ORDERINGS, {
  task_id: queryId.optional(),
  site_id: queryId.optional(),
  sector_id: queryId.optional(),
})

/** A page of articles, searched by what their tasks say of them: the texts are too large to be read for it. */
export function listContent(tx: Tx, url: string, query: z.infer<typeof ContentQuery>) {
  const { search, task_id, site_id, sector_id } = query
  const found = tx
    .select({ id: tasks.id })
    .from(tasks)
    .where(
      or(
        contains(tasks.title, search),
        contains(tasks.keywords, search),
        contains(tasks.slug, search),
        contains(tasks.excerpt, search),
      ),
    )
  return listPage(tx, {
    url,
    query,
    orderings: CONTENT_ORDERINGS,
    defaultOrdering: '-created_at',
    from: content,
    bytes: bytesOf(getTableColumns(content)),
    rows: tx.select().from(content).$dynamic(),
    where: [
      search ? inArray(content.task_id, found) : undefined,
      ...equalTo(content, { task_id, site_id, sector_id }),
    ],
  })
}

export async function getContent(tx: Tx, id: number) {
  const [found] = await tx.select().from(content).where(eq(content.id, id))
  if (!found) throw notFound()
  return found
}

/** Changes a task's article: the same as `html_content` on the task itself. */
export async function updateContent(
  tx: Tx,
  { task_id }: { task_id: number },
  { html_content }: z.infer<typeof UpdateContent>,
): Promise<void> {
  if (html_content === undefined) return
  const [task] = await lockTasks(tx, [task_id])
  if (!task) throw notFound()
  await saveArticle(tx, task, html_content)
}

/** An article is locked by its task. */
export async function lockContent(tx: Tx, id: number): Promise<void> {
  await lockTasks(tx, [(await getContent(tx, id)).task_id])
}
