import { eq, getTableColumns, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Tx } from '../../db/database.ts'
import {
  CONTENT_STRUCTURES,
  CONTENT_TYPES,
  content_ideas,
  IDEA_STATUSES,
  idea_keywords,
} from '../../db/schema/planner.ts'
import { notFound } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import { contains, equalTo, listPage, listQuery } from '../http/lists.ts'
import { bytesOf } from '../http/response-size.ts'
import { queryId } from '../http/schemas.ts'
import { requireSiteSector } from '../sites/site-sector.ts'
import { requireCluster } from '../tasks/require-cluster.ts'
import { setIdeaKeywords } from './idea-keywords.ts'
import type { NewIdea, UpdateIdea } from './schemas.ts'

const selection = {
  ...getTableColumns(content_ideas),
  keyword_objects: sql<number[]>`(select coalesce(json_agg(${idea_keywords.keyword_id}
      order by ${idea_keywords.keyword_id}), '[]')
    from ${idea_keywords} where ${idea_keywords.account_id} = ${content_ideas.account_id}
      and ${idea_keywords.idea_id} = ${content_ideas.id})`.as('keyword_objects'),
}

const ORDERINGS = {
  created_at: content_ideas.created_at,
  idea_title: content_ideas.idea_title,
  estimated_word_count: content_ideas.estimated_word_count,
  status: content_ideas.status,
}
export const IdeaQuery = listQuery(ORDERINGS, {
  site_id: queryId.optional(),
  sector_id: queryId.optional(),
  status: z.enum(IDEA_STATUSES).optional(),
  keyword_cluster_id: queryId.optional(),
  content_structure: z.enum(CONTENT_STRUCTURES).optional(),
  content_type: z.enum(CONTENT_TYPES).optional(),
})

export function listIdeas(tx: Tx, url: string, query: z.infer<typeof IdeaQuery>) {
  const { site_id, sector_id, status, keyword_cluster_id, content_structure, content_type } = query
  return listPage(tx, {
    url,
    query,
    orderings: ORDERINGS,
    defaultOrdering: '-created_at',
    from: content_ideas,
    bytes: bytesOf(getTableColumns(content_ideas)),
    rows: tx.select(selection).from(content_ideas).$dynamic(),
    where: [
      contains(content_ideas.idea_title, query.search),
      ...equalTo(content_ideas, {
        site_id,
        sector_id,
        status,
        keyword_cluster_id,
        content_structure,
        content_type,
      }),
    ],
  })
}

/** The idea. Throws a 404 for one of another account or on a site without a grant. */
export async function getIdea(tx: Tx, id: number) {
  const [idea] = await tx.select(selection).from(content_ideas).where(eq(content_ideas.id, id))
  if (!idea) throw notFound()
  return idea
}

/** Returns the new idea's id. */
export async function createIdea(tx: Tx, caller: Caller, input: z.infer<typeof NewIdea>) {
  const { keyword_objects, target_keywords, ...fields } = input
  await requireSiteSector(tx, input)
  await requireCluster(tx, input, 'keyword_cluster_id', input.keyword_cluster_id)
  const [idea] = await tx
    .insert(content_ideas)
    .values({ ...fields, account_id: caller.accountId })
    .returning()
  await setIdeaKeywords(tx, idea!, { keyword_objects, target_keywords })
  return idea!.id
}

export async function updateIdea(
  tx: Tx,
  before: typeof content_ideas.$inferSelect,
  input: z.infer<typeof UpdateIdea>,
): Promise<void> {
  const { keyword_objects, target_keywords, ...fields } = input
  await requireCluster(tx, before, 'keyword_cluster_id', input.keyword_cluster_id)
  await tx
    .update(content_ideas)
    .set({ ...fields, updated_at: sql`now()` })
    .where(eq(content_ideas.id, before.id))
  await setIdeaKeywords(tx, before, { keyword_objects, target_keywords })
}
