import { eq, sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { content, tasks } from '../../db/schema/writer.ts'
import type { Place } from '../sites/site-sector.ts'
import { countWords } from './article-html.ts'

/**
 * Makes `html` the task's one article and counts its words; returns how many. `metadata` replaces
 * what generation recorded, or is left as it is. The caller has locked the task.
 */
export async function saveArticle(
  tx: Tx,
  task: Place & { id: number },
  html: string,
  metadata?: Record<string, unknown>,
): Promise<number> {
  const { account_id, site_id, sector_id } = task
  const word_count = countWords(html)
  // The clock's time, not the transaction's: a run tells by it what was written after it was accepted.
  const written = sql`clock_timestamp()`
  const changes = {
    html_content: html,
    word_count,
    updated_at: written,
    ...(metadata && { metadata }),
  }
  await tx
    .insert(content)
    .values({ ...changes, account_id, site_id, sector_id, task_id: task.id })
    .onConflictDoUpdate({ target: [content.account_id, content.task_id], set: changes })
  await tx.update(tasks).set({ word_count, updated_at: sql`now()` }).where(eq(tasks.id, task.id))
  return word_count
}
