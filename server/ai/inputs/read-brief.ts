import { desc, eq } from 'drizzle-orm'
import type { Tx } from '../../../db/database.ts'
import { clusters, content_ideas, keywords } from '../../../db/schema/planner.ts'
import { task_keywords, tasks } from '../../../db/schema/writer.ts'
import type { GenerateContentInput } from '../provider.ts'
import { type Guidance, readGuidance, sectionsOf } from './read-guidance.ts'

/** For a task that no idea gives a length. */
const WORD_COUNT = 1200

export type Brief = {
  task: typeof tasks.$inferSelect
  input: GenerateContentInput
  guidance: Guidance
}

/** What a provider is told about a task; undefined when the task is gone. One round trip. */
export async function readBrief(tx: Tx, taskId: number): Promise<Brief | undefined> {
  const [[row], linked, guidance] = await Promise.all([
    tx
      .select({
        task: tasks,
        cluster: clusters.name,
        word_count: content_ideas.estimated_word_count,
      })
      .from(tasks)
      .leftJoin(clusters, eq(clusters.id, tasks.cluster_id))
      .leftJoin(content_ideas, eq(content_ideas.id, tasks.idea_id))
      .where(eq(tasks.id, taskId)),
    readLinked(tx, taskId),
    readGuidance(tx, { task: taskId }),
  ])
  if (!row) return undefined
  const { title, description, content_structure, content_type } = row.task
  return {
    task: row.task,
    guidance,
    input: {
      title,
      description,
      content_structure,
      content_type,
      keywords: withNamed(linked, row.task.keywords),
      cluster: row.cluster,
      word_count: row.word_count ?? WORD_COUNT,
      author_profile: authorOf(guidance),
      sections: sectionsOf(guidance, content_structure),
    },
  }
}

/** A profile as providers are told it. */
export function authorOf({ author_profile }: Guidance) {
  if (!author_profile) return undefined
  const { id, ...author } = author_profile
  return author
}

/** Those that are keywords of the sector, by search volume. */
async function readLinked(tx: Tx, taskId: number): Promise<string[]> {
  const rows = await tx
    .select({ keyword: keywords.keyword })
    .from(task_keywords)
    .innerJoin(keywords, eq(keywords.id, task_keywords.keyword_id))
    .where(eq(task_keywords.task_id, taskId))
    .orderBy(desc(keywords.volume), keywords.id)
  return rows.map(({ keyword }) => keyword)
}

/** And then what else the task names. */
function withNamed(linked: string[], list: string): string[] {
  const known = new Set(linked.map((keyword) => keyword.toLowerCase()))
  const named = list.split(',').map((keyword) => keyword.trim())
  return [...linked, ...named.filter((name) => name && !known.has(name.toLowerCase()))]
}
