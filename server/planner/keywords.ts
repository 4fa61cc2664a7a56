import { count as countRows, eq, gte, isNotNull, isNull, lte, type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import { INTENTS, KEYWORD_STATUSES, keywords } from '../../db/schema/planner.ts'
import type { Tx } from '../../db/tenancy.ts'
import { audit } from '../audit.ts'
import type { Deps } from '../deps.ts'
import { DomainError, notFound } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import { isUniqueViolation } from '../http/database-errors.ts'
import { contains, listPage, listQuery } from '../http/lists.ts'
import { queryCount, queryId } from '../http/schemas.ts'
import { requireCluster } from './clusters.ts'
import { requirePlace } from './place.ts'
import type { KeywordFilter, NewKeyword, UpdateKeyword } from './schemas.ts'

const ORDERINGS = {
  created_at: keywords.created_at,
  volume: keywords.volume,
  difficulty: keywords.difficulty,
}
const filters = {
  site_id: queryId.optional(),
  sector_id: queryId.optional(),
  status: z.enum(KEYWORD_STATUSES).optional(),
  cluster_id: queryId.optional(),
  clustered: z.enum(['true', 'false']).optional(),
  intent: z.enum(INTENTS).optional(),
  difficulty_min: queryCount.optional(),
  difficulty_max: queryCount.optional(),
  volume_min: queryCount.optional(),
  volume_max: queryCount.optional(),
}
export const KeywordQuery = listQuery(ORDERINGS, filters)
export const ExportQuery = KeywordQuery.omit({
  page: true,
  page_size: true,
  ordering: true,
  cursor: true,
})

/** A filter as it comes in a query string or in a body. */
type AnyFilter = Omit<KeywordFilter, 'clustered'> & {
  clustered?: boolean | 'true' | 'false'
  site_id?: number
  sector_id?: number
}

/** The conditions of a filter, for lists, exports and runs alike. */
export function keywordFilters(filter: AnyFilter): (SQL | undefined)[] {
  const where = <T>(value: T | undefined, condition: (value: T) => SQL) =>
    value === undefined ? undefined : condition(value)
  return [
    contains(keywords.keyword, filter.search),
    where(filter.site_id, (id) => eq(keywords.site_id, id)),
    where(filter.sector_id, (id) => eq(keywords.sector_id, id)),
    where(filter.status, (status) => eq(keywords.status, status)),
    where(filter.cluster_id, (id) => eq(keywords.cluster_id, id)),
    where(filter.clustered, (yes) =>
      String(yes) === 'true' ? isNotNull(keywords.cluster_id) : isNull(keywords.cluster_id),
    ),
    where(filter.intent, (intent) => eq(keywords.intent, intent)),
    where(filter.difficulty_min, (least) => gte(keywords.difficulty, least)),
    where(filter.difficulty_max, (most) => lte(keywords.difficulty, most)),
    where(filter.volume_min, (least) => gte(keywords.volume, least)),
    where(filter.volume_max, (most) => lte(keywords.volume, most)),
  ]
}

export function listKeywords(tx: Tx, url: string, query: z.infer<typeof KeywordQuery>) {
  return listPage({
    url,
    query,
    orderings: ORDERINGS,
    defaultOrdering: '-created_at',
    id: keywords.id,
    where: keywordFilters(query),
    rows: ({ where, orderBy, limit, offset }) =>
      tx
        .select()
        .from(keywords)
        .where(where)
        .orderBy(...orderBy)
        .limit(limit)
        .offset(offset),
    count: async (where) => (await tx.select({ n: countRows() }).from(keywords).where(where))[0]!.n,
  })
}

/** The keyword, or a 404 when it is not the account's or on a site that was not granted. */
export async function getKeyword(tx: Tx, id: number) {
  const [keyword] = await tx.select().from(keywords).where(eq(keywords.id, id))
  if (!keyword) throw notFound()
  return keyword
}

export function createKeyword(deps: Deps, caller: Caller, input: z.infer<typeof NewKeyword>) {
  return deps.doors.withAccount(caller.scope, async (tx) => {
    await requirePlace(tx, input)
    await requireCluster(tx, input, 'cluster_id', input.cluster_id)
    const [keyword] = await tx
      .insert(keywords)
      .values({ ...input, account_id: caller.accountId })
      .onConflictDoNothing()
      .returning()
    if (!keyword) throw keywordTaken(input.keyword)
    await auditKeyword(tx, caller, 'keyword.created', keyword.id)
    return keyword
  })
}

export function updateKeyword(
  deps: Deps,
  caller: Caller,
  id: number,
  input: z.infer<typeof UpdateKeyword>,
) {
  return deps.doors.withAccount(caller.scope, async (tx) => {
    const before = await getKeyword(tx, id)
    await requireCluster(tx, before, 'cluster_id', input.cluster_id)
    try {
      const [keyword] = await tx
        .update(keywords)
        .set({ ...input, updated_at: sql`now()` })
        .where(eq(keywords.id, id))
        .returning()
      if (!keyword) throw notFound()
      await auditKeyword(tx, caller, 'keyword.updated', id)
      return keyword
    } catch (error) {
      throw isUniqueViolation(error) ? keywordTaken(input.keyword ?? before.keyword) : error
    }
  })
}

export function deleteKeyword(deps: Deps, caller: Caller, id: number): Promise<void> {
  return deps.doors.withAccount(caller.scope, async (tx) => {
    const [deleted] = await tx.delete(keywords).where(eq(keywords.id, id)).returning()
    if (!deleted) throw notFound()
    await auditKeyword(tx, caller, 'keyword.deleted', id)
  })
}

function keywordTaken(keyword: string): DomainError {
  return new DomainError('already_exists', `"${keyword}" is a keyword of this sector already.`, {
    errors: [{ path: 'keyword', message: 'is in this sector already' }],
  })
}

async function auditKeyword(tx: Tx, caller: Caller, action: string, id: number): Promise<void> {
  const { accountId, userId, requestId } = caller
  await audit(tx, { accountId, userId, requestId, action, object: { type: 'keyword', id } })
}
