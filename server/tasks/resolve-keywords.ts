import { and, eq, sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { keywords } from '../../db/schema/planner.ts'
import { invalid } from '../errors.ts'
import type { SiteSector } from '../sites/site-sector.ts'
import { joinNames, splitNames } from './list-text.ts'

/** Both forms of a keyword list: the ids of the sector's keywords, and comma-separated text. */
export type NamedKeywords = { ids: number[]; text: string }

/**
 * Both forms of the keywords of a task or an idea, derived from the one that was given. Ids replace the
 * text; names in the text are linked to keywords of the sector, ignoring case, and take their spelling.
 * The keywords are locked against deletion until the transaction ends. Undefined if neither form was given.
 * Throws a 400 for an id that is not a keyword of the sector.
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
    throw invalid(
      'keyword_objects',
      `must be keywords of this sector; these are not: ${others.join(', ')}`,
    )
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
