import { eq, sql } from 'drizzle-orm'
import type { Tx } from '../../../db/database.ts'
import { clusters, content_ideas, idea_keywords, keywords } from '../../../db/schema/planner.ts'
import { readTopic } from '../../../server/ai/inputs/read-topic.ts'
import type { GenerateIdeas } from '../../../server/ai/provider.ts'
import { IDEA_PRICE } from '../../../server/billing/prices.ts'
import { IdeasWanted } from '../../../server/planner/plan-ideas.ts'
import type { Place } from '../../../server/sites/site-sector.ts'
import { joinNames, oneLine } from '../../../server/tasks/list-text.ts'
import { StepError, type StepHandler, type StepJob } from '../../steps/step.ts'
import { appendNotes } from '../append-notes.ts'
import { askService } from '../ask-service.ts'

type Idea = GenerateIdeas['ideas'][number]

/** Generates ideas for a cluster. Ideas with a repeated title are dropped; the others are charged. */
export const generateIdeas: StepHandler = async (job) => {
  const { count } = IdeasWanted.parse(job.step.params)
  const topic = await job.read((tx) => readTopic(tx, job.step.object_id, count))
  if (!topic) throw clusterGone()
  const { input, guidance } = topic
  const provider = await job.deps.aiProvider(job.scope)
  const { name } = input.cluster
  await job.progress({ phase: 'generate_ideas', message: `Finding ideas for “${name}”` })
  await job.requested('generate_ideas', `Asked ${provider.name} for ${count} ideas for “${name}”`)
  const options = { signal: job.signal, prompts: guidance.prompts }
  const { data, usage, notes } = await askService(() => provider.generateIdeas(input, options))
  const ideas = newIdeas(data.ideas, input.existing_titles).slice(0, count)
  const answered = `${ideas.length} new ideas for “${name}”`
  await job.responded('generate_ideas', appendNotes(answered, notes))
  // Filled in by `write`, which the worker runs before it stores the result.
  const result: Record<string, unknown> = { provider: provider.name, ...usage, notes }
  return {
    charge: ideas.length * IDEA_PRICE,
    usage: { provider: provider.name, ...usage },
    result,
    message: `Made ${ideas.length} ${ideas.length === 1 ? 'idea' : 'ideas'} for “${name}”`,
    async write(tx) {
      result.ideas = await saveIdeas(tx, job, ideas)
    },
  }
}

function clusterGone(): StepError {
  return new StepError('not_found', 'The cluster was deleted.')
}

/** Ideas whose title is new in the sector and not repeated, ignoring case. */
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
  const place = { account_id: scope.accountId, ...cluster }
  const rows = await tx
    .insert(content_ideas)
    .values(
      ideas.map(({ target_keywords, ...idea }) => ({
        ...place,
        keyword_cluster_id: step.object_id,
        ...idea,
        target_keywords: joinNames(target_keywords.map(oneLine)),
      })),
    )
    .returning({ id: content_ideas.id })
  const ids = rows.map(({ id }) => id)
  await linkKeywords(tx, place, ids, ideas)
  return ids
}

/** Links each idea to those of the sector's keywords that it names. */
async function linkKeywords(tx: Tx, place: Place, ids: number[], ideas: Idea[]) {
  const { account_id, site_id, sector_id } = place
  const names = ideas.map(({ target_keywords }) => target_keywords.map(oneLine))
  const ideaIds = names.flatMap((list, index) => list.map(() => ids[index]!))
  // An array, because in a join the planner may not use the index.
  await tx.execute(sql`
    with named as materialized (
      select idea_id, lower(name) as folded
      from unnest(${sql.param(ideaIds)}::bigint[], ${sql.param(names.flat())}::text[])
        as named (idea_id, name)),
    found as materialized (
      select id, folded from ${keywords} where site_id = ${site_id} and sector_id = ${sector_id}
        and folded = any(array(select folded from named)))
    insert into ${idea_keywords} (account_id, idea_id, keyword_id)
    select distinct ${account_id}::bigint, named.idea_id, found.id
    from named join found using (folded)`)
}
