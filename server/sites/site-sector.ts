import { and, eq } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { sectors, sites } from '../../db/schema/sites.ts'
import { invalid, notFound } from '../errors.ts'

/** The site and sector that a planner or writer object belongs to. They never change. */
export type SiteSector = { site_id: number; sector_id: number }
/** The same with its account, as a row has it. */
export type Place = SiteSector & { account_id: number }

/**
 * Throws a 404 for a site that the caller cannot see and a 400 for a sector of another site. Locks the
 * sector against deletion until the transaction ends.
 */
export async function requireSiteSector(tx: Tx, { site_id, sector_id }: SiteSector): Promise<void> {
  const [site] = await tx.select({ id: sites.id }).from(sites).where(eq(sites.id, site_id))
  if (!site) throw notFound()
  const [sector] = await tx
    .select({ id: sectors.id })
    .from(sectors)
    .where(and(eq(sectors.id, sector_id), eq(sectors.site_id, site_id)))
    .for('key share')
  if (!sector) throw invalid('sector_id', 'must be a sector of this site')
}
