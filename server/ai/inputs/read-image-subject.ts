import { and, eq } from 'drizzle-orm'
import type { Tx } from '../../../db/database.ts'
import { content, tasks } from '../../../db/schema/writer.ts'
import { type Guidance, readGuidance } from './read-guidance.ts'

/** `html_content` is empty while the task has no article. */
export type Article = { title: string; html_content: string; guidance: Guidance }

/** What images are made for; undefined when the task is gone. One round trip. */
export async function readImageSubject(tx: Tx, taskId: number): Promise<Article | undefined> {
  const [[article], guidance] = await Promise.all([
    tx
      .select({ title: tasks.title, html_content: content.html_content })
      .from(tasks)
      .leftJoin(
        content,
        and(eq(content.account_id, tasks.account_id), eq(content.task_id, tasks.id)),
      )
      .where(eq(tasks.id, taskId)),
    readGuidance(tx, { task: taskId }),
  ])
  if (!article) return undefined
  return { title: article.title, html_content: article.html_content ?? '', guidance }
}
