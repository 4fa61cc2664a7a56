import { eq, getTableColumns, gte, isNotNull, isNull, lte, type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Tx } from '../../db/database.ts'
import { INTENTS, KEYWORD_STATUSES, keywords } from '../../db/schema/planner.ts'
import { DomainError, notFound } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import { isUniqueViolation } from '../http/database-errors.ts'
import { contains, equalTo, listPage, listQuery } from '../http/lists.ts'
import { queryBoolean, queryCount, queryId } from '../http/schemas.ts'
import { requireSiteSector } from '../sites/site-sector.ts'
import { requireCluster } from '../tasks/require-cluster.ts'
import { renameInLists } from './rename-in-lists.ts'
import type { Keyword, KeywordFilter, NewKeyword, UpdateKeyword } from './schemas.ts'

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
  clustered: queryBoolean.optional(),
  intent: z.enum(INTENTS).optional(),
  difficulty_min: queryCount.optional(),
  difficulty_max: queryCount.optional(),
  volume_min: queryCount.optional(),
  volume_max: queryCount.optional(),
}
const { folded: _folded, ...selection } = getTableColumns(keywords)
export const KeywordQuery = listQuery(ORDERINGS, filters)
export const ExportQuery = KeywordQuery.omit({
  page: true,
  page_size: true,
  ordering: true,
  cursor: true,
})

type AnyFilter = KeywordFilter & { site_id?: number; sector_id?: number }

/** The conditions of a filter, for lists, exports and runs alike. */
export function keywordFilters(filter: AnyFilter): (SQL | undefined)[] {
  const { site_id, sector_id, status, cluster_id, intent } = filter
  const where = <T>(value: T | undefined, condition: (value: T) => SQL) =>
    value === undefined ? undefined : condition(value)
  return [
    contains(keywords.keyword, filter.search),
    ...equalTo(keywords, { site_id, sector_id, status, cluster_id, intent }),
    where(filter.clustered, (yes) =>
      yes ? isNotNull(keywords.cluster_id) : isNull(keywords.cluster_id),
    ),
    where(filter.difficulty_min, (least) => gte(keywords.difficulty, least)),
    where(filter.difficulty_max, (most) => lte(keywords.difficulty, most)),
    where(filter.volume_min, (least) => gte(keywords.volume, least)),
    where(filter.volume_max, (most) => lte(keywords.volume, most)),
  ]
}

export function listKeywords(tx: Tx, url: string, query: z.infer<typeof KeywordQuery>) {
  return listPage(tx, {
    url,
    query,
    orderings: ORDERINGS,
    defaultOrdering: '-created_at',
    from: keywords,
    rows: tx.select(selection).from(keywords).$dynamic(),
    where: keywordFilters(query),
  })
}

/** The keyword. Throws a 404 for one of another account or on a site without a grant. */
export async function getKeyword(tx: Tx, id: number) {
  const [keyword] = await tx.select(selection).from(keywords).where(eq(keywords.id, id))
  if (!keyword) throw notFound()
  return keyword
}

/** Returns the new keyword's id. */
export async function createKeyword(tx: Tx, caller: Caller, input: z.infer<typeof NewKeyword>) {
  await requireSiteSector(tx, input)
  await requireCluster(tx, input, 'cluster_id', input.cluster_id)
  const [keyword] = await tx
    .insert(keywords)
    .values({ ...input, account_id: caller.accountId })
    .onConflictDoNothing()
    .returning({ id: keywords.id })
  if (!keyword) throw keywordTaken(input.keyword)
  return keyword.id
}

export async function updateKeyword(
  tx: Tx,
  before: z.infer<typeof Keyword>,
  input: z.infer<typeof UpdateKeyword>,
): Promise<void> {
  await requireCluster(tx, before, 'cluster_id', input.cluster_id)
  try {
    await tx
      .update(keywords)
      .set({ ...input, updated_at: sql`now()` })
      .where(eq(keywords.id, before.id))
  } catch (error) {
    throw isUniqueViolation(error) ? keywordTaken(input.keyword ?? before.keyword) : error
  }
  if (input.keyword && input.keyword !== before.keyword) {
    await renameInLists(tx, before, input.keyword)
  }
}

function keywordTaken(keyword: string): DomainError {
  return new DomainError('already_exists', `"${keyword}" is already a keyword of this sector.`, {
    errors: [{ path: 'keyword', message: 'is already in this sector' }],
  })
}
