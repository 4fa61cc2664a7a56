import { and, eq, getTableColumns, notInArray, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { Tx } from '../../db/database.ts'
import { industries, industry_sectors } from '../../db/schema/sites.ts'
import { DomainError, invalid, notFound } from '../errors.ts'
import { slugOf } from '../formats/slug.ts'
import { isForeignKeyViolation, isUniqueViolation } from '../http/database-errors.ts'
import { contains, equalTo, listPage, listQuery } from '../http/lists.ts'
import { queryBoolean } from '../http/schemas.ts'
import type { NewIndustry, UpdateIndustry } from './schemas.ts'

// Written out because drizzle omits the table name from columns in a select from one table.
const sectors = sql`(
  select coalesce(json_agg(s order by s.name), '[]') from industry_sectors s
  where s.industry_id = industries.id)`
  .mapWith(withDates)
  .as('sectors')
const selection = { ...getTableColumns(industries), sectors }

type Sector = typeof industry_sectors.$inferSelect

/** Parses times, which JSON from PostgreSQL contains as text. */
function withDates(rows: Sector[]): Sector[] {
  return rows.map((row) => ({
    ...row,
    created_at: new Date(row.created_at),
    updated_at: new Date(row.updated_at),
  }))
}

const INDUSTRY_ORDERINGS = { name: industries.name }
export const IndustryQuery = listQuery(INDUSTRY_ORDERINGS, { is_active: queryBoolean.optional() })

/** Lists active industries unless `is_active` asks for the others. */
export function listIndustries(tx: Tx, url: string, query: z.infer<typeof IndustryQuery>) {
  const { is_active = true } = query
  return listPage(tx, {
    url,
    query,
    orderings: INDUSTRY_ORDERINGS,
    defaultOrdering: 'name',
    from: industries,
    rows: tx.select(selection).from(industries).$dynamic(),
    where: [contains(industries.name, query.search), ...equalTo(industries, { is_active })],
  })
}

export async function getIndustry(tx: Tx, id: number) {
  const [industry] = await tx.select(selection).from(industries).where(eq(industries.id, id))
  if (!industry) throw notFound()
  return industry
}

/** Returns the new industry's id. */
export async function createIndustry(tx: Tx, input: z.infer<typeof NewIndustry>): Promise<number> {
  const { sectors: named, ...fields } = input
  const slug = fields.slug ?? slugOf(fields.name, 'industry')
  const [industry] = await tx
    .insert(industries)
    .values({ ...fields, slug })
    .onConflictDoNothing()
    .returning({ id: industries.id })
  if (!industry) throw slugTaken(slug)
  if (named) await setSectors(tx, industry.id, named)
  return industry.id
}

export async function updateIndustry(
  tx: Tx,
  id: number,
  { sectors: named, ...fields }: z.infer<typeof UpdateIndustry>,
): Promise<void> {
  try {
    await tx
      .update(industries)
      .set({ ...fields, updated_at: sql`now()` })
      .where(eq(industries.id, id))
  } catch (error) {
    throw isUniqueViolation(error) ? slugTaken(fields.slug ?? '') : error
  }
  if (named) await setSectors(tx, id, named)
}

export async function deleteIndustry(tx: Tx, id: number): Promise<void> {
  try {
    await tx.delete(industry_sectors).where(eq(industry_sectors.industry_id, id))
    await tx.delete(industries).where(eq(industries.id, id))
  } catch (error) {
    if (!isForeignKeyViolation(error)) throw error
    throw new DomainError(
      'wrong_state',
      'Sites use this industry, so it cannot be deleted. Set is_active to false instead.',
    )
  }
}

/** Replaces the sectors, matched by slug. A sector that is omitted becomes inactive, because sites may use it. */
async function setSectors(
  tx: Tx,
  industry_id: number,
  named: NonNullable<z.infer<typeof UpdateIndustry>['sectors']>,
): Promise<void> {
  const rows = named.map((sector) => ({
    description: '',
    is_active: true,
    ...sector,
    slug: sector.slug ?? slugOf(sector.name, 'sector'),
    industry_id,
  }))
  const slugs = rows.map(({ slug }) => slug)
  if (new Set(slugs).size < slugs.length)
    throw invalid('sectors', 'must not have two sectors with the same slug')
  await tx
    .update(industry_sectors)
    .set({ is_active: false, updated_at: sql`now()` })
    .where(
      and(eq(industry_sectors.industry_id, industry_id), notInArray(industry_sectors.slug, slugs)),
    )
  if (rows.length === 0) return
  await tx
    .insert(industry_sectors)
    .values(rows)
    .onConflictDoUpdate({
      target: [industry_sectors.industry_id, industry_sectors.slug],
      set: {
        name: sql`excluded.name`,
        description: sql`excluded.description`,
        is_active: sql`excluded.is_active`,
        updated_at: sql`now()`,
      },
    })
}

function slugTaken(slug: string): DomainError {
  return new DomainError(
    'already_exists',
    `Another industry uses the slug "${slug}". Choose another one.`,
    {
      errors: [{ path: 'slug', message: 'is taken' }],
    },
  )
}
