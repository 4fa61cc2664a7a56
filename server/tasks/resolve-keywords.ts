import { and, eq, sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { keywords } from '../../db/schema/planner.ts'
import { invalid } from '../errors.ts'
import { joinNames, splitNames } from './list-text.ts'

type SiteSector = { site_id: number; sector_id: number }
/** Both forms of a list of keywords: the ids of those that the sector has, and the comma-separated text. */
export type NamedKeywords = { ids: number[]; text: string }

/**
 * Both forms of the keywords of a task or an idea from the one that was given: ids rewrite the list; the
 * list links those of its names that are keywords of the sector, spelt as the planner spells them and
 * whatever their case. They stay until the transaction ends. Undefined when neither was given; throws a
 * 400 for an id that is no keyword of the sector.
 */
export async function resolveKeywords(
  tx: Tx,
  place: SiteSector,
  named: { ids: number[] | undefined; list: string | undefined },
): Promise<NamedKeywords | undefined> {
  if (named.ids) return fromIds(tx, place, [...new Set(named.ids)])
  if (named.list !== undefined) return fromList(tx, place, named.list)
  return undefined
}

async function fromIds(tx: Tx, place: SiteSector, ids: number[]): Promise<NamedKeywords> {
  const rows = await tx
    .select({ id: keywords.id, keyword: keywords.keyword })
    .from(keywords)
    .where(and(inSector(place), sql`${keywords.id} = any(${sql.param(ids)}::bigint[])`))
    .orderBy(keywords.id)
    .for('key share')
  const found = new Map(rows.map(({ id, keyword }) => [id, keyword]))
  const others = ids.filter((id) => !found.has(id)).slice(0, 20)
  if (others.length > 0) {
    throw invalid('keyword_objects', `not keywords of this sector: ${others.join(', ')}`)
  }
  return { ids, text: joinNames(ids.map((id) => found.get(id)!)) }
}

async function fromList(tx: Tx, place: SiteSector, list: string): Promise<NamedKeywords> {
  const names = splitNames(list)
  const rows = await tx
    .select({ id: keywords.id })
    .from(keywords)
    .where(
      and(
        inSector(place),
        sql`${keywords.folded} = any(array(select lower(unnest(${sql.param(names)}::text[]))))`,
      ),
    )
    .orderBy(keywords.id)
    .for('key share')
  return { ids: rows.map(({ id }) => id), text: joinNames(names) }
}

function inSector({ site_id, sector_id }: SiteSector) {
  return and(eq(keywords.site_id, site_id), eq(keywords.sector_id, sector_id))
}
