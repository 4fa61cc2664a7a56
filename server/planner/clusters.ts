import { eq, getTableColumns, gte, lte, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Tx } from '../../db/database.ts'
import { CLUSTER_STATUSES, clusters, keywords } from '../../db/schema/planner.ts'
import { tasks } from '../../db/schema/writer.ts'
import { DomainError, notFound } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import { isUniqueViolation } from '../http/database-errors.ts'
import { contains, equalTo, listPage, listQuery } from '../http/lists.ts'
import { queryCount, queryId } from '../http/schemas.ts'
import { requireSiteSector } from '../sites/site-sector.ts'
import type { NewCluster, UpdateCluster } from './schemas.ts'

const ofItsKeywords = sql`from ${keywords} where ${keywords.account_id} = ${clusters.account_id}
  and ${keywords.cluster_id} = ${clusters.id}`
const keywordsCount = sql`(select count(*)::int ${ofItsKeywords})`.mapWith(Number)
const volume = sql`(select coalesce(sum(${keywords.volume}), 0) ${ofItsKeywords})`.mapWith(Number)
const itsTasksWithPost = sql`from ${tasks} where ${tasks.account_id} = ${clusters.account_id}
  and ${tasks.cluster_id} = ${clusters.id} and ${tasks.assigned_post_id} is not null`
const mappedPages = sql`(select count(*)::int ${itsTasksWithPost})`.mapWith(Number)
const selection = {
  ...getTableColumns(clusters),
  keywords_count: keywordsCount.as('keywords_count'),
  volume: volume.as('volume'),
  mapped_pages: mappedPages.as('mapped_pages'),
}

const ORDERINGS = {
  created_at: clusters.created_at,
  name: clusters.name,
  volume,
  keywords_count: keywordsCount,
  mapped_pages: mappedPages,
}
export const ClusterQuery = listQuery(ORDERINGS, {
  site_id: queryId.optional(),
  sector_id: queryId.optional(),
  status: z.enum(CLUSTER_STATUSES).optional(),
  volume_min: queryCount.optional(),
  volume_max: queryCount.optional(),
})

export function listClusters(tx: Tx, url: string, query: z.infer<typeof ClusterQuery>) {
  const { site_id, sector_id, status, volume_min, volume_max } = query
  return listPage(tx, {
    url,
    query,
    orderings: ORDERINGS,
    defaultOrdering: '-created_at',
    from: clusters,
    rows: tx.select(selection).from(clusters).$dynamic(),
    where: [
      contains(clusters.name, query.search),
      ...equalTo(clusters, { site_id, sector_id, status }),
      volume_min === undefined ? undefined : gte(volume, volume_min),
      volume_max === undefined ? undefined : lte(volume, volume_max),
    ],
  })
}

/** The cluster. Throws a 404 for one of another account or on a site without a grant. */
export async function getCluster(tx: Tx, id: number) {
  const [cluster] = await tx.select(selection).from(clusters).where(eq(clusters.id, id))
  if (!cluster) throw notFound()
  return cluster
}

/** Returns the new cluster's id. */
export async function createCluster(tx: Tx, caller: Caller, input: z.infer<typeof NewCluster>) {
  await requireSiteSector(tx, input)
  const [cluster] = await tx
    .insert(clusters)
    .values({ ...input, account_id: caller.accountId })
    .onConflictDoNothing()
    .returning({ id: clusters.id })
  if (!cluster) throw nameTaken(input.name)
  return cluster.id
}

export async function updateCluster(
  tx: Tx,
  before: { id: number; name: string },
  input: z.infer<typeof UpdateCluster>,
): Promise<void> {
  try {
    await tx
      .update(clusters)
      .set({ ...input, updated_at: sql`now()` })
      .where(eq(clusters.id, before.id))
  } catch (error) {
    throw isUniqueViolation(error) ? nameTaken(input.name ?? before.name) : error
  }
}

function nameTaken(name: string): DomainError {
  return new DomainError(
    'already_exists',
    `This sector already has a cluster named "${name}". Choose another name.`,
    {
      errors: [{ path: 'name', message: 'is taken in this sector' }],
    },
  )
}
