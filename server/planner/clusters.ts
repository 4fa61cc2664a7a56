import { and, count as countRows, eq, getTableColumns, gte, lte, sql } from 'drizzle-orm'
import { z } from 'zod'
import { CLUSTER_STATUSES, clusters, keywords } from '../../db/schema/planner.ts'
import type { Tx } from '../../db/tenancy.ts'
import { audit } from '../audit.ts'
import type { Deps } from '../deps.ts'
import { DomainError, invalid, notFound } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import { isUniqueViolation } from '../http/database-errors.ts'
import { contains, listPage, listQuery } from '../http/lists.ts'
import { queryCount, queryId } from '../http/schemas.ts'
import { type Place, requirePlace } from './place.ts'
import type { NewCluster, UpdateCluster } from './schemas.ts'

const ofItsKeywords = sql`from ${keywords} where ${keywords.account_id} = ${clusters.account_id}
  and ${keywords.cluster_id} = ${clusters.id}`
const keywordsCount = sql`(select count(*)::int ${ofItsKeywords})`.mapWith(Number)
const volume = sql`(select coalesce(sum(${keywords.volume}), 0) ${ofItsKeywords})`.mapWith(Number)
const selection = {
  ...getTableColumns(clusters),
  keywords_count: keywordsCount.as('keywords_count'),
  volume: volume.as('volume'),
}

const ORDERINGS = {
  created_at: clusters.created_at,
  name: clusters.name,
  volume,
  keywords_count: keywordsCount,
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
  return listPage({
    url,
    query,
    orderings: ORDERINGS,
    defaultOrdering: '-created_at',
    id: clusters.id,
    where: [
      contains(clusters.name, query.search),
      site_id ? eq(clusters.site_id, site_id) : undefined,
      sector_id ? eq(clusters.sector_id, sector_id) : undefined,
      status ? eq(clusters.status, status) : undefined,
      volume_min === undefined ? undefined : gte(volume, volume_min),
      volume_max === undefined ? undefined : lte(volume, volume_max),
    ],
    rows: ({ where, orderBy, limit, offset }) =>
      tx
        .select(selection)
        .from(clusters)
        .where(where)
        .orderBy(...orderBy)
        .limit(limit)
        .offset(offset),
    count: async (where) => (await tx.select({ n: countRows() }).from(clusters).where(where))[0]!.n,
  })
}

/** The cluster, or a 404 when it is not the account's or on a site that was not granted. */
export async function getCluster(tx: Tx, id: number) {
  const [cluster] = await tx.select(selection).from(clusters).where(eq(clusters.id, id))
  if (!cluster) throw notFound()
  return cluster
}

/** Throws a 400 on `path` unless the cluster, if one is named, is of this sector; it stays until the transaction ends. */
export async function requireCluster(
  tx: Tx,
  { site_id, sector_id }: Place,
  path: string,
  id: number | null | undefined,
): Promise<void> {
  if (!id) return
  const [found] = await tx
    .select({ id: clusters.id })
    .from(clusters)
    .where(
      and(eq(clusters.id, id), eq(clusters.site_id, site_id), eq(clusters.sector_id, sector_id)),
    )
    .for('key share')
  if (!found) throw invalid(path, 'is not a cluster of this sector')
}

export function createCluster(deps: Deps, caller: Caller, input: z.infer<typeof NewCluster>) {
  return deps.doors.withAccount(caller.scope, async (tx) => {
    await requirePlace(tx, input)
    const [cluster] = await tx
      .insert(clusters)
      .values({ ...input, account_id: caller.accountId })
      .onConflictDoNothing()
      .returning({ id: clusters.id })
    if (!cluster) throw nameTaken(input.name)
    await auditCluster(tx, caller, 'cluster.created', cluster.id)
    return getCluster(tx, cluster.id)
  })
}

export function updateCluster(
  deps: Deps,
  caller: Caller,
  id: number,
  input: z.infer<typeof UpdateCluster>,
) {
  return deps.doors.withAccount(caller.scope, async (tx) => {
    const before = await getCluster(tx, id)
    try {
      await tx
        .update(clusters)
        .set({ ...input, updated_at: sql`now()` })
        .where(eq(clusters.id, id))
    } catch (error) {
      throw isUniqueViolation(error) ? nameTaken(input.name ?? before.name) : error
    }
    await auditCluster(tx, caller, 'cluster.updated', id)
    return getCluster(tx, id)
  })
}

/** Deletes a cluster; its keywords stay, in no cluster. */
export function deleteCluster(deps: Deps, caller: Caller, id: number): Promise<void> {
  return deps.doors.withAccount(caller.scope, async (tx) => {
    const [deleted] = await tx.delete(clusters).where(eq(clusters.id, id)).returning()
    if (!deleted) throw notFound()
    await auditCluster(tx, caller, 'cluster.deleted', id)
  })
}

function nameTaken(name: string): DomainError {
  return new DomainError('already_exists', `This sector has a cluster named "${name}" already.`, {
    errors: [{ path: 'name', message: 'is taken in this sector' }],
  })
}

async function auditCluster(tx: Tx, caller: Caller, action: string, id: number): Promise<void> {
  const { accountId, userId, requestId } = caller
  await audit(tx, { accountId, userId, requestId, action, object: { type: 'cluster', id } })
}
