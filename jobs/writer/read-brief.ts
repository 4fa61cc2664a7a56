import { desc, eq } from 'drizzle-orm'
import { clusters, content_ideas, keywords } from '../../db/schema/planner.ts'
import { task_keywords, tasks } from '../../db/schema/writer.ts'
import type { Tx } from '../../db/tenancy.ts'
import type { GenerateContentInput } from '../../server/ai/provider.ts'
import { StepError } from '../step.ts'

/** For a task that no idea gives a length. */
const WORD_COUNT = 1200

export type Brief = { task: typeof tasks.$inferSelect; input: GenerateContentInput }

/** What a provider is told about a task. Throws a `StepError` when the task is gone. */
export async function readBrief(tx: Tx, taskId: number): Promise<Brief> {
  const [row] = await tx
    .select({
      task: tasks,
      cluster: clusters.name,
      word_count: content_ideas.estimated_word_count,
    })
    .from(tasks)
    .leftJoin(clusters, eq(clusters.id, tasks.cluster_id))
    .leftJoin(content_ideas, eq(content_ideas.id, tasks.idea_id))
    .where(eq(tasks.id, taskId))
  if (!row) throw new StepError('not_found', 'The task was deleted.')
  const { title, description, content_structure, content_type } = row.task
  return {
    task: row.task,
    input: {
      title,
      description,
      content_structure,
      content_type,
      keywords: await keywordsOf(tx, row.task),
      cluster: row.cluster,
      word_count: row.word_count ?? WORD_COUNT,
    },
  }
}

/** Those that are keywords of the sector by search volume, then what else the task names. */
async function keywordsOf(tx: Tx, task: { id: number; keywords: string }): Promise<string[]> {
  const rows = await tx
    .select({ keyword: keywords.keyword })
    .from(task_keywords)
    .innerJoin(keywords, eq(keywords.id, task_keywords.keyword_id))
    .where(eq(task_keywords.task_id, task.id))
    .orderBy(desc(keywords.volume), keywords.id)
  const linked = rows.map(({ keyword }) => keyword)
  const known = new Set(linked.map((keyword) => keyword.toLowerCase()))
  const named = task.keywords.split(',').map((keyword) => keyword.trim())
  return [...linked, ...named.filter((name) => name && !known.has(name.toLowerCase()))]
}
