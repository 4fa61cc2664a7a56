import { and, eq, sql } from 'drizzle-orm'
import type { Tx } from '../../../db/database.ts'
import { clusters, keywords } from '../../../db/schema/planner.ts'
import type { ClusterKeywords } from '../../../server/ai/provider.ts'
import type { SiteSector } from '../../../server/sites/site-sector.ts'
import { oneLine } from '../../../server/tasks/list-text.ts'

/** `clusters` has the ids of new clusters and of those that got keywords. */
export type SavedClusters = { created: number; clusters: number[]; keywords: number }

/**
 * Writes the clusters that a provider found, and their keywords, which become active. An existing cluster
 * of the same name, ignoring case, is reused. Keywords that were deleted meanwhile are skipped.
 */
export async function saveClusters(
  tx: Tx,
  accountId: number,
  place: SiteSector,
  found: ClusterKeywords,
): Promise<SavedClusters> {
  const members = await keepExisting(tx, place, found)
  const named = await insertClusters(tx, accountId, place, members)
  const assigned = await assign(tx, place, members)
  const { length: created } = named.filter(({ created }) => created)
  return { created, clusters: named.map(({ id }) => Number(id)), keywords: assigned }
}

type Members = { name: string; description: string; keyword_ids: number[] }[]

/** Locks the keywords, and drops deleted ones and clusters that would be empty. */
async function keepExisting(tx: Tx, place: SiteSector, found: ClusterKeywords): Promise<Members> {
  const ids = found.clusters.flatMap(({ keyword_ids }) => keyword_ids)
  const rows = await tx
    .select({ id: keywords.id })
    .from(keywords)
    .where(
      and(
        eq(keywords.site_id, place.site_id),
        eq(keywords.sector_id, place.sector_id),
        sql`${keywords.id} = any(${sql.param(ids)}::bigint[])`,
      ),
    )
    .orderBy(keywords.id)
    .for('update')
  const there = new Set(rows.map(({ id }) => id))
  return found.clusters
    .map(({ name, description, keyword_ids }) => ({
      name: oneLine(name),
      description,
      keyword_ids: keyword_ids.filter((id) => there.has(id)),
    }))
    .filter(({ keyword_ids }) => keyword_ids.length > 0)
}

async function insertClusters(tx: Tx, accountId: number, place: SiteSector, members: Members) {
  const names = members.map(({ name }) => name)
  const descriptions = members.map(({ description }) => description)
  return tx.execute<{ id: string; created: boolean }>(sql`
    insert into ${clusters} (account_id, site_id, sector_id, name, description)
    select distinct on (lower(name)) ${accountId}::bigint, ${place.site_id}::bigint,
      ${place.sector_id}::bigint, name, description
    from unnest(${sql.param(names)}::text[], ${sql.param(descriptions)}::text[])
      as found (name, description)
    order by lower(name)
    on conflict (account_id, site_id, sector_id, lower(name)) do update set status = 'active'
    returning id, xmax = 0 as created`)
}

/** Returns how many keywords were put into clusters. */
async function assign(
  tx: Tx,
  { site_id, sector_id }: SiteSector,
  members: Members,
): Promise<number> {
  const names = members.flatMap(({ name, keyword_ids }) => keyword_ids.map(() => name))
  const ids = members.flatMap(({ keyword_ids }) => keyword_ids)
  const rows = await tx.execute(sql`
    update ${keywords} as k set cluster_id = c.id, status = 'active', updated_at = now()
    from unnest(${sql.param(ids)}::bigint[], ${sql.param(names)}::text[]) as found (id, name)
    join ${clusters} as c on lower(c.name) = lower(found.name)
      and c.site_id = ${site_id} and c.sector_id = ${sector_id}
    where k.id = found.id`)
  return rows.count
}
