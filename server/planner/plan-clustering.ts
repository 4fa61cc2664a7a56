import { and, eq, isNull, ne, type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Tx } from '../../db/database.ts'
import { keywords } from '../../db/schema/planner.ts'
import { clusteringPrice } from '../billing/prices.ts'
import { invalid, notFound } from '../errors.ts'
import type { RunPlan } from '../runs/accept-run.ts'
import { contracts } from '../runs/job-contracts.ts'
import { requireActive } from '../sites/require-active.ts'
import { requireSiteSector, type SiteSector } from '../sites/site-sector.ts'
import { keywordFilters } from './keywords.ts'
import { type ClusterKeywords, KeywordFilter } from './schemas.ts'

/**
 * The params of a clustering step. A filter is limited to the keywords that it matched when the run was
 * accepted, because those were paid for.
 */
export const Selection = z.object({
  ids: z.array(z.int()).optional(),
  filter: KeywordFilter.optional(),
  count: z.int(),
  last_id: z.int(),
})
export type Selection = z.infer<typeof Selection>

/** Plans the clustering of a sector's keywords. */
export async function planClustering(
  tx: Tx,
  input: z.infer<typeof ClusterKeywords>,
): Promise<RunPlan> {
  const { site_id, sector_id, filter } = input
  const ids = input.ids && [...new Set(input.ids)]
  await requireSiteSector(tx, input)
  await requireActive(tx, [input])
  const { count, last_id } = await measure(tx, input, { ids, filter })
  if (ids && count < ids.length) throw notFound()
  if (count === 0) throw invalid('filter', 'matches no keyword of this sector')
  const params: Selection = { ids, filter, count, last_id }
  const price = clusteringPrice(count)
  return {
    kind: 'cluster_keywords',
    siteId: site_id,
    params: { site_id, sector_id, filter, keywords: count },
    total: count,
    steps: [{ contract: contracts.cluster_keywords, objectId: sector_id, price, params }],
  }
}

/** The keywords of a run: those with the given ids, or those that match the filter. */
export function selected(
  { site_id, sector_id }: SiteSector,
  { ids, filter = {} }: Pick<Selection, 'ids' | 'filter'>,
): SQL | undefined {
  const ofSector = [eq(keywords.site_id, site_id), eq(keywords.sector_id, sector_id)]
  if (ids) return and(...ofSector, sql`${keywords.id} = any(${sql.param(ids)}::bigint[])`)
  const { status, cluster_id, clustered } = filter
  return and(
    ...ofSector,
    ...keywordFilters(filter),
    status ? undefined : ne(keywords.status, 'archived'),
    cluster_id || clustered !== undefined ? undefined : isNull(keywords.cluster_id),
  )
}

async function measure(tx: Tx, place: SiteSector, selection: Pick<Selection, 'ids' | 'filter'>) {
  const [row] = await tx
    .select({
      count: sql`count(*)`.mapWith(Number),
      last_id: sql`coalesce(max(${keywords.id}), 0)`.mapWith(Number),
    })
    .from(keywords)
    .where(selected(place, selection))
  return row!
}
