import { and, eq, sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { sectors, sites } from '../../db/schema/sites.ts'
import { DomainError } from '../errors.ts'

/** Throws `wrong_state` if one of the sites or sectors is not active. */
export async function requireActive(tx: Tx, places: { sector_id: number }[]): Promise<void> {
  const ids = [...new Set(places.map(({ sector_id }) => sector_id))]
  const [out] = await tx
    .select({ site: sites.name, status: sites.status, sector: sectors.name })
    .from(sectors)
    .innerJoin(sites, and(eq(sites.account_id, sectors.account_id), eq(sites.id, sectors.site_id)))
    .where(
      and(
        sql`${sectors.id} = any(${sql.param(ids)}::bigint[])`,
        sql`not (${sites.is_active} and ${sectors.is_active})`,
      ),
    )
    .limit(1)
  if (!out) return
  const what =
    out.status === 'active'
      ? `The sector "${out.sector}" is inactive`
      : `The site "${out.site}" is ${out.status}`
  throw new DomainError('wrong_state', `${what}. Activate it before you start work there.`)
}
