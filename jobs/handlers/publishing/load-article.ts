import { and, asc, eq } from 'drizzle-orm'
import type { Tx } from '../../../db/database.ts'
import { clusters, keywords } from '../../../db/schema/planner.ts'
import { content, images, task_keywords, tasks } from '../../../db/schema/writer.ts'
import { StepError } from '../../steps/step.ts'

/** More tags help nobody. */
const MAX_TAGS = 10

export type Article = {
  task: typeof tasks.$inferSelect
  html_content: string
  category: string | null
  tags: string[]
  images: (typeof images.$inferSelect)[]
}

/** Loads everything that goes into a task’s post. Throws `not_found` or `wrong_state`. */
export async function loadArticle(tx: Tx, taskId: number): Promise<Article> {
  const [[row], words, files] = await Promise.all([
    tx
      .select({ task: tasks, html_content: content.html_content, category: clusters.name })
      .from(tasks)
      .leftJoin(
        content,
        and(eq(content.account_id, tasks.account_id), eq(content.task_id, tasks.id)),
      )
      .leftJoin(clusters, eq(clusters.id, tasks.cluster_id))
      .where(eq(tasks.id, taskId)),
    tx
      .select({ keyword: keywords.keyword })
      .from(task_keywords)
      .innerJoin(keywords, eq(keywords.id, task_keywords.keyword_id))
      .where(eq(task_keywords.task_id, taskId))
      .orderBy(asc(keywords.id))
      .limit(MAX_TAGS),
    tx
      .select()
      .from(images)
      .where(eq(images.task_id, taskId))
      .orderBy(asc(images.position), asc(images.id)),
  ])
  if (!row) throw new StepError('not_found', 'The task was deleted.')
  if (!row.html_content) {
    throw new StepError('wrong_state', 'The task has no article. Generate it first.')
  }
  const { task, html_content, category } = row
  return { task, html_content, category, tags: words.map(({ keyword }) => keyword), images: files }
}
