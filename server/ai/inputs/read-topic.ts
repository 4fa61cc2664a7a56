import { desc, eq } from 'drizzle-orm'
import type { Tx } from '../../../db/database.ts'
import { clusters, content_ideas, keywords } from '../../../db/schema/planner.ts'
import type { GenerateIdeasInput } from '../provider.ts'
import { authorOf } from './read-brief.ts'
import { type Guidance, readGuidance } from './read-guidance.ts'

const SHOWN_KEYWORDS = 200
const SHOWN_TITLES = 500

export type Topic = { input: GenerateIdeasInput; guidance: Guidance }

/** What a provider is told of a cluster that `count` ideas are wanted for; undefined when it is gone. */
export async function readTopic(tx: Tx, id: number, count: number): Promise<Topic | undefined> {
  const [[cluster], ofCluster, existing, guidance] = await Promise.all([
    tx
      .select({ name: clusters.name, description: clusters.description })
      .from(clusters)
      .where(eq(clusters.id, id)),
    tx
      .select({ keyword: keywords.keyword })
      .from(keywords)
      .where(eq(keywords.cluster_id, id))
      .orderBy(desc(keywords.volume), keywords.id)
      .limit(SHOWN_KEYWORDS),
    tx
      .select({ title: content_ideas.idea_title })
      .from(content_ideas)
      .where(eq(content_ideas.keyword_cluster_id, id))
      .orderBy(desc(content_ideas.id))
      .limit(SHOWN_TITLES),
    readGuidance(tx, { cluster: id }),
  ])
  if (!cluster) return undefined
  return {
    guidance,
    input: {
      cluster,
      count,
      keywords: ofCluster.map(({ keyword }) => keyword),
      existing_titles: existing.map(({ title }) => title),
      author_profile: authorOf(guidance),
      section_logic: guidance.section_logic,
    },
  }
}
