import { and, eq, like, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Tx } from '../../db/database.ts'
import { industry_sectors, SECTOR_STATUSES, sectors, sites } from '../../db/schema/sites.ts'
import { DomainError, invalid, notFound } from '../errors.ts'
import { freeSlug, slugOf } from '../formats/slug.ts'
import type { Caller } from '../http/caller.ts'
import { isTooManyActiveSectors, isUniqueViolation } from '../http/database-errors.ts'
import { contains, equalTo, listPage, listQuery } from '../http/lists.ts'
import { queryBoolean, queryId } from '../http/schemas.ts'
import { requireNoOpenRuns } from './require-no-open-runs.ts'
import type { NewSector, UpdateSector } from './schemas.ts'
import { getSite } from './sites.ts'
import { statusInStep } from './status.ts'

const SECTOR_ORDERINGS = { created_at: sectors.created_at, name: sectors.name }
export const SectorQuery = listQuery(SECTOR_ORDERINGS, {
  site_id: queryId.optional(),
  status: z.enum(SECTOR_STATUSES).optional(),
  is_active: queryBoolean.optional(),
})

export function listSectors(tx: Tx, url: string, query: z.infer<typeof SectorQuery>) {
  const { site_id, status, is_active } = query
  return listPage(tx, {
    url,
    query,
    orderings: SECTOR_ORDERINGS,
    defaultOrdering: '-created_at',
    from: sectors,
    rows: tx.select().from(sectors).$dynamic(),
    where: [
      contains(sectors.name, query.search),
      ...equalTo(sectors, { site_id, status, is_active }),
    ],
  })
}

export async function getSector(tx: Tx, id: number) {
  const [sector] = await tx.select().from(sectors).where(eq(sectors.id, id))
  if (!sector) throw notFound()
  return sector
}

/** Returns the new sector's id. */
export async function createSector(tx: Tx, caller: Caller, input: z.infer<typeof NewSector>) {
  await lockSite(tx, input.site_id)
  const name = await sectorName(tx, input)
  const slug = input.slug ?? (await freeSectorSlug(tx, input.site_id, name))
  const status = statusInStep(input, 'active')
  const [sector] = await tx
    .insert(sectors)
    .values({ ...input, ...status, name, slug, account_id: caller.accountId })
    .onConflictDoNothing()
    .returning({ id: sectors.id })
    .catch(orTooMany)
  if (!sector) throw slugTaken(slug)
  return sector.id
}

export async function updateSector(
  tx: Tx,
  before: typeof sectors.$inferSelect,
  input: z.infer<typeof UpdateSector>,
): Promise<void> {
  await lockSite(tx, before.site_id)
  try {
    await tx
      .update(sectors)
      .set({ ...input, ...statusInStep(input, before.status), updated_at: sql`now()` })
      .where(eq(sectors.id, before.id))
      .catch(orTooMany)
  } catch (error) {
    throw isUniqueViolation(error) ? slugTaken(input.slug ?? '') : error
  }
}

/** Deletes a sector with its keywords, clusters, ideas and tasks. */
export async function deleteSector(tx: Tx, id: number): Promise<void> {
  await requireNoOpenRuns(tx, { sectorId: id })
  await tx.delete(sectors).where(eq(sectors.id, id))
}

/** Locks the site, so that concurrent writers of its sectors find a free slug. */
async function lockSite(tx: Tx, siteId: number): Promise<void> {
  await getSite(tx, siteId)
  await tx.select({ id: sites.id }).from(sites).where(eq(sites.id, siteId)).for('update')
}

/** Locks the site of a sector: writers of sectors lock the site, not the row. */
export async function lockSectors(tx: Tx, id: number): Promise<void> {
  await lockSite(tx, (await getSector(tx, id)).site_id)
}

/** Converts the error of the trigger that limits active sectors. */
function orTooMany(error: unknown): never {
  if (!isTooManyActiveSectors(error)) throw error
  throw new DomainError(
    'wrong_state',
    'A site can have at most five active sectors. Deactivate one first.',
  )
}

/** The given name, or that of the template. Throws a 400 for an unknown template. */
async function sectorName(
  tx: Tx,
  { name, industry_sector_id: id }: z.infer<typeof NewSector>,
): Promise<string> {
  if (!id && name) return name
  const [template] = id
    ? await tx.select().from(industry_sectors).where(eq(industry_sectors.id, id))
    : []
  if (!template)
    throw invalid('industry_sector_id', 'must be a sector of an industry; see auth/industries/')
  return name ?? template.name
}

async function freeSectorSlug(tx: Tx, siteId: number, name: string): Promise<string> {
  const wanted = slugOf(name, 'sector')
  const rows = await tx
    .select({ slug: sectors.slug })
    .from(sectors)
    .where(and(eq(sectors.site_id, siteId), like(sectors.slug, `${wanted}%`)))
  return freeSlug(wanted, new Set(rows.map(({ slug }) => slug)))
}

function slugTaken(slug: string): DomainError {
  return new DomainError(
    'already_exists',
    `Another sector of this site uses the slug "${slug}". Choose another one.`,
    {
      errors: [{ path: 'slug', message: 'is taken' }],
    },
  )
}
