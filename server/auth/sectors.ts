import { and, count as countRows, eq, like, sql } from 'drizzle-orm'
import { z } from 'zod'
import { industry_sectors, SECTOR_STATUSES, sectors, sites } from '../../db/schema/auth.ts'
import type { Tx } from '../../db/tenancy.ts'
import { audit } from '../audit.ts'
import type { Deps } from '../deps.ts'
import { DomainError, invalid, notFound } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import { isUniqueViolation } from '../http/database-errors.ts'
import { contains, listPage, listQuery } from '../http/lists.ts'
import { queryId } from '../http/schemas.ts'
import { refuseWhileWorkedOn } from './open-work.ts'
import type { NewSector, UpdateSector } from './schemas.ts'
import { getSite } from './sites.ts'
import { freeSlug, slugOf } from './slug.ts'

export const MAX_ACTIVE_SECTORS = 5

export const SECTOR_ORDERINGS = { created_at: sectors.created_at, name: sectors.name }
export const SectorQuery = listQuery(SECTOR_ORDERINGS, {
  site_id: queryId.optional(),
  status: z.enum(SECTOR_STATUSES).optional(),
  is_active: z.enum(['true', 'false']).optional(),
})

export function listSectors(tx: Tx, url: string, query: z.infer<typeof SectorQuery>) {
  return listPage({
    url,
    query,
    orderings: SECTOR_ORDERINGS,
    defaultOrdering: '-created_at',
    id: sectors.id,
    where: [
      contains(sectors.name, query.search),
      query.site_id ? eq(sectors.site_id, query.site_id) : undefined,
      query.status ? eq(sectors.status, query.status) : undefined,
      query.is_active ? eq(sectors.is_active, query.is_active === 'true') : undefined,
    ],
    rows: ({ where, orderBy, limit, offset }) =>
      tx
        .select()
        .from(sectors)
        .where(where)
        .orderBy(...orderBy)
        .limit(limit)
        .offset(offset),
    count: async (where) => (await tx.select({ n: countRows() }).from(sectors).where(where))[0]!.n,
  })
}

export async function getSector(tx: Tx, id: number) {
  const [sector] = await tx.select().from(sectors).where(eq(sectors.id, id))
  if (!sector) throw notFound()
  return sector
}

export function createSector(deps: Deps, caller: Caller, input: z.infer<typeof NewSector>) {
  return deps.doors.withAccount(caller.scope, async (tx) => {
    await lockSite(tx, input.site_id)
    const name = await sectorName(tx, input)
    const is_active = input.is_active ?? input.status !== 'inactive'
    if (is_active) await checkRoom(tx, input.site_id)
    const slug = input.slug ?? (await freeSectorSlug(tx, input.site_id, name))
    const [sector] = await tx
      .insert(sectors)
      .values({
        ...input,
        name,
        slug,
        is_active,
        account_id: caller.accountId,
        status: is_active ? 'active' : 'inactive',
      })
      .onConflictDoNothing()
      .returning()
    if (!sector) throw slugTaken(slug)
    await auditSector(tx, caller, 'sector.created', sector.id)
    return sector
  })
}

export function updateSector(
  deps: Deps,
  caller: Caller,
  id: number,
  input: z.infer<typeof UpdateSector>,
) {
  return deps.doors.withAccount(caller.scope, async (tx) => {
    const before = await getSector(tx, id)
    await lockSite(tx, before.site_id)
    const active = input.is_active ?? (input.status ? input.status === 'active' : before.is_active)
    if (active && !before.is_active) await checkRoom(tx, before.site_id)
    try {
      const [sector] = await tx
        .update(sectors)
        .set({
          ...input,
          is_active: active,
          status: active ? 'active' : 'inactive',
          updated_at: sql`now()`,
        })
        .where(eq(sectors.id, id))
        .returning()
      await auditSector(tx, caller, 'sector.updated', id)
      return sector!
    } catch (error) {
      throw isUniqueViolation(error) ? slugTaken(input.slug ?? '') : error
    }
  })
}

/** Deletes a sector with its keywords, clusters, ideas and tasks. */
export function deleteSector(deps: Deps, caller: Caller, id: number): Promise<void> {
  return deps.doors.withAccount(caller.scope, async (tx) => {
    await getSector(tx, id)
    await refuseWhileWorkedOn(tx, { sectorId: id })
    await tx.delete(sectors).where(eq(sectors.id, id))
    await auditSector(tx, caller, 'sector.deleted', id)
  })
}

/** Writers of one site's sectors take turns, so that the limit of active ones holds. */
async function lockSite(tx: Tx, siteId: number): Promise<void> {
  await getSite(tx, siteId)
  await tx.select({ id: sites.id }).from(sites).where(eq(sites.id, siteId)).for('update')
}

async function checkRoom(tx: Tx, siteId: number): Promise<void> {
  const [active] = await tx
    .select({ n: countRows() })
    .from(sectors)
    .where(and(eq(sectors.site_id, siteId), sectors.is_active))
  if (active!.n < MAX_ACTIVE_SECTORS) return
  throw new DomainError(
    'wrong_state',
    `A site has at most ${MAX_ACTIVE_SECTORS} active sectors. Deactivate one first.`,
  )
}

/** The name given, or that of the template; throws a 400 for a template that there is not. */
async function sectorName(
  tx: Tx,
  { name, industry_sector_id: id }: z.infer<typeof NewSector>,
): Promise<string> {
  if (!id && name) return name
  const [template] = id
    ? await tx.select().from(industry_sectors).where(eq(industry_sectors.id, id))
    : []
  if (!template)
    throw invalid('industry_sector_id', 'is not a sector of an industry; see auth/industries/')
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
  return new DomainError('already_exists', `Another sector of this site has the slug "${slug}".`, {
    errors: [{ path: 'slug', message: 'is taken' }],
  })
}

async function auditSector(tx: Tx, caller: Caller, action: string, id: number): Promise<void> {
  const { accountId, userId, requestId } = caller
  await audit(tx, { accountId, userId, requestId, action, object: { type: 'sector', id } })
}
