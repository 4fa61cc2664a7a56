import { count as countRows, eq, getTableColumns, sql } from 'drizzle-orm'
import { z } from 'zod'
import {
  CONTENT_STRUCTURES,
  CONTENT_TYPES,
  content_ideas,
  IDEA_STATUSES,
  idea_keywords,
} from '../../db/schema/planner.ts'
import type { Tx } from '../../db/tenancy.ts'
import { audit } from '../audit.ts'
import type { Deps } from '../deps.ts'
import { notFound } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import { contains, listPage, listQuery } from '../http/lists.ts'
import { queryId } from '../http/schemas.ts'
import { requireCluster } from './clusters.ts'
import { setIdeaKeywords } from './idea-keywords.ts'
import { requirePlace } from './place.ts'
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
  const { site_id, sector_id, status, keyword_cluster_id } = query
  return listPage({
    url,
    query,
    orderings: ORDERINGS,
    defaultOrdering: '-created_at',
    id: content_ideas.id,
    where: [
      contains(content_ideas.idea_title, query.search),
      site_id ? eq(content_ideas.site_id, site_id) : undefined,
      sector_id ? eq(content_ideas.sector_id, sector_id) : undefined,
      status ? eq(content_ideas.status, status) : undefined,
      keyword_cluster_id ? eq(content_ideas.keyword_cluster_id, keyword_cluster_id) : undefined,
      query.content_structure
        ? eq(content_ideas.content_structure, query.content_structure)
        : undefined,
      query.content_type ? eq(content_ideas.content_type, query.content_type) : undefined,
    ],
    rows: ({ where, orderBy, limit, offset }) =>
      tx
        .select(selection)
        .from(content_ideas)
        .where(where)
        .orderBy(...orderBy)
        .limit(limit)
        .offset(offset),
    count: async (where) =>
      (await tx.select({ n: countRows() }).from(content_ideas).where(where))[0]!.n,
  })
}

/** The idea, or a 404 when it is not the account's or on a site that was not granted. */
export async function getIdea(tx: Tx, id: number) {
  const [idea] = await tx.select(selection).from(content_ideas).where(eq(content_ideas.id, id))
  if (!idea) throw notFound()
  return idea
}

export function createIdea(deps: Deps, caller: Caller, input: z.infer<typeof NewIdea>) {
  const { keyword_objects, target_keywords, ...fields } = input
  return deps.doors.withAccount(caller.scope, async (tx) => {
    await requirePlace(tx, input)
    await requireCluster(tx, input, 'keyword_cluster_id', input.keyword_cluster_id)
    const [idea] = await tx
      .insert(content_ideas)
      .values({ ...fields, account_id: caller.accountId })
      .returning()
    await setIdeaKeywords(tx, idea!, { keyword_objects, target_keywords })
    await auditIdea(tx, caller, 'idea.created', idea!.id)
    return getIdea(tx, idea!.id)
  })
}

export function updateIdea(
  deps: Deps,
  caller: Caller,
  id: number,
  input: z.infer<typeof UpdateIdea>,
) {
  const { keyword_objects, target_keywords, ...fields } = input
  return deps.doors.withAccount(caller.scope, async (tx) => {
    const before = await getIdea(tx, id)
    await requireCluster(tx, before, 'keyword_cluster_id', input.keyword_cluster_id)
    await tx
      .update(content_ideas)
      .set({ ...fields, updated_at: sql`now()` })
      .where(eq(content_ideas.id, id))
    await setIdeaKeywords(tx, before, { keyword_objects, target_keywords })
    await auditIdea(tx, caller, 'idea.updated', id)
    return getIdea(tx, id)
  })
}

/** Deletes an idea; the task that was made from it stays. */
export function deleteIdea(deps: Deps, caller: Caller, id: number): Promise<void> {
  return deps.doors.withAccount(caller.scope, async (tx) => {
    const [deleted] = await tx.delete(content_ideas).where(eq(content_ideas.id, id)).returning()
    if (!deleted) throw notFound()
    await auditIdea(tx, caller, 'idea.deleted', id)
  })
}

async function auditIdea(tx: Tx, caller: Caller, action: string, id: number): Promise<void> {
  const { accountId, userId, requestId } = caller
  await audit(tx, { accountId, userId, requestId, action, object: { type: 'idea', id } })
}
