import { desc, eq, sql } from 'drizzle-orm'
import { clusters, content_ideas, idea_keywords, keywords } from '../../db/schema/planner.ts'
import type { Tx } from '../../db/tenancy.ts'
import type { GenerateIdeas, GenerateIdeasInput } from '../../server/ai/provider.ts'
import { IDEA_PRICE } from '../../server/billing/prices.ts'
import { IdeasWanted } from '../../server/planner/accept-ideas.ts'
import { joinNames, oneLine } from '../../server/planner/planned-text.ts'
import { askProvider } from '../ai-failure.ts'
import { StepError, type StepHandler, type StepJob } from '../step.ts'

const SHOWN_KEYWORDS = 200
const SHOWN_TITLES = 500

type Idea = GenerateIdeas['ideas'][number]

/** Makes ideas for one cluster; each one made is charged, repetitions of a title are dropped. */
export const generateIdeas: StepHandler = async (job) => {
  const { count } = IdeasWanted.parse(job.step.params)
  const input = await job.read((tx) => readCluster(tx, job.step.object_id, count))
  const provider = await job.deps.aiProvider(job.scope)
  const { name } = input.cluster
  await job.progress({ phase: 'generate_ideas', message: `Finding ideas for “${name}”` })
  await job.requested('generate_ideas', `Asked ${provider.name} for ${count} ideas for “${name}”`)
  const { signal } = job
  const { data, usage } = await askProvider(() => provider.generateIdeas(input, { signal }))
  const ideas = newIdeas(data.ideas, input.existing_titles).slice(0, count)
  await job.responded('generate_ideas', `${ideas.length} new ideas for “${name}”`)
  // Filled in by `write`, which the worker runs before it stores the result.
  const result: Record<string, unknown> = { provider: provider.name, ...usage }
  return {
    charge: ideas.length * IDEA_PRICE,
    result,
    message: `Made ${ideas.length} ${ideas.length === 1 ? 'idea' : 'ideas'} for “${name}”`,
    async write(tx) {
      result.ideas = await saveIdeas(tx, job, ideas)
    },
  }
}

async function readCluster(tx: Tx, id: number, count: number): Promise<GenerateIdeasInput> {
  const [cluster] = await tx
    .select({ name: clusters.name, description: clusters.description })
    .from(clusters)
    .where(eq(clusters.id, id))
  if (!cluster) throw clusterGone()
  const ofCluster = await tx
    .select({ keyword: keywords.keyword })
    .from(keywords)
    .where(eq(keywords.cluster_id, id))
    .orderBy(desc(keywords.volume), keywords.id)
    .limit(SHOWN_KEYWORDS)
  const existing = await tx
    .select({ title: content_ideas.idea_title })
    .from(content_ideas)
    .where(eq(content_ideas.keyword_cluster_id, id))
    .orderBy(desc(content_ideas.id))
    .limit(SHOWN_TITLES)
  return {
    cluster,
    count,
    keywords: ofCluster.map(({ keyword }) => keyword),
    existing_titles: existing.map(({ title }) => title),
  }
}

function clusterGone(): StepError {
  return new StepError('not_found', 'The cluster was deleted.')
}

/** Ideas whose title, case aside, is neither taken nor repeated. */
function newIdeas(ideas: Idea[], existing: string[]): Idea[] {
  const taken = new Set(existing.map((title) => title.toLowerCase()))
  return ideas
    .map((idea) => ({ ...idea, idea_title: oneLine(idea.idea_title) }))
    .filter(({ idea_title }) => {
      const key = idea_title.toLowerCase()
      if (key === '' || taken.has(key)) return false
      taken.add(key)
      return true
    })
}

/** Returns the ids of the ideas. */
async function saveIdeas(tx: Tx, { step, scope }: StepJob, ideas: Idea[]): Promise<number[]> {
  const [cluster] = await tx
    .select({ site_id: clusters.site_id, sector_id: clusters.sector_id })
    .from(clusters)
    .where(eq(clusters.id, step.object_id))
    .for('key share')
  if (!cluster) throw clusterGone()
  if (ideas.length === 0) return []
  const place = { account_id: scope.accountId, ...cluster, keyword_cluster_id: step.object_id }
  const rows = await tx
    .insert(content_ideas)
    .values(
      ideas.map(({ target_keywords, ...idea }) => ({
        ...place,
        ...idea,
        target_keywords: joinNames(target_keywords.map(oneLine)),
      })),
    )
    .returning({ id: content_ideas.id })
  const ids = rows.map(({ id }) => id)
  await linkKeywords(tx, step.object_id, ids, ideas)
  return ids
}

/** Links each idea to those of the cluster's keywords that it names. */
async function linkKeywords(tx: Tx, clusterId: number, ids: number[], ideas: Idea[]) {
  const names = ideas.map(({ target_keywords }) => target_keywords.map(oneLine))
  const ideaIds = names.flatMap((list, index) => list.map(() => ids[index]!))
  await tx.execute(sql`
    insert into ${idea_keywords} (account_id, idea_id, keyword_id)
    select distinct k.account_id, named.idea_id, k.id
    from unnest(${sql.param(ideaIds)}::bigint[], ${sql.param(names.flat())}::text[])
      as named (idea_id, name)
    join ${keywords} as k on k.cluster_id = ${clusterId} and lower(k.keyword) = lower(named.name)`)
}
