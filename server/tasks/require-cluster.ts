import { and, eq } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { clusters } from '../../db/schema/planner.ts'
import { invalid } from '../errors.ts'
import type { SiteSector } from '../sites/site-sector.ts'

/** Locks a named cluster against deletion. Throws a 400 on `path` if it is not in this sector. */
export async function requireCluster(
  tx: Tx,
  { site_id, sector_id }: SiteSector,
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
  if (!found) throw invalid(path, 'must be a cluster of this sector')
}
