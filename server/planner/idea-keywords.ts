import { and, eq, sql } from 'drizzle-orm'
import { content_ideas, idea_keywords, keywords } from '../../db/schema/planner.ts'
import type { Tx } from '../../db/tenancy.ts'
import { invalid } from '../errors.ts'
import type { Place } from './place.ts'
import { joinNames, splitNames } from './planned-text.ts'

type Idea = Place & { id: number; account_id: number }
type Named = { keyword_objects?: number[]; target_keywords?: string }

/**
 * Links an idea to the keywords that are named, by id or in the comma-separated list, and keeps the
 * two in step: ids rewrite the list; the list links those that are keywords of the sector. Throws a
 * 400 for an id that is no keyword of the sector. Without either it does nothing.
 */
export async function setIdeaKeywords(tx: Tx, idea: Idea, named: Named): Promise<void> {
  if (named.keyword_objects) {
    const ids = [...new Set(named.keyword_objects)]
    const rows = await keywordsById(tx, idea, ids)
    if (rows.size < ids.length) {
      const strange = ids.filter((id) => !rows.has(id)).slice(0, 20)
      throw invalid('keyword_objects', `not keywords of this sector: ${strange.join(', ')}`)
    }
    await link(tx, idea, ids, joinNames(ids.map((id) => rows.get(id) ?? '')))
  } else if (named.target_keywords !== undefined) {
    const names = splitNames(named.target_keywords)
    await link(tx, idea, await idsByName(tx, idea, names), joinNames(names))
  }
}

async function keywordsById(tx: Tx, place: Place, ids: number[]): Promise<Map<number, string>> {
  const rows = await tx
    .select({ id: keywords.id, keyword: keywords.keyword })
    .from(keywords)
    .where(and(inSector(place), sql`${keywords.id} = any(${sql.param(ids)}::bigint[])`))
    .for('key share')
  return new Map(rows.map(({ id, keyword }) => [id, keyword]))
}

async function idsByName(tx: Tx, place: Place, names: string[]): Promise<number[]> {
  const rows = await tx
    .select({ id: keywords.id })
    .from(keywords)
    .where(
      and(
        inSector(place),
        sql`${keywords.folded} = any(array(select lower(unnest(${sql.param(names)}::text[]))))`,
      ),
    )
    .for('key share', { of: keywords })
  return rows.map(({ id }) => id)
}

function inSector({ site_id, sector_id }: Place) {
  return and(eq(keywords.site_id, site_id), eq(keywords.sector_id, sector_id))
}

async function link(tx: Tx, idea: Idea, ids: number[], target_keywords: string): Promise<void> {
  const { account_id, id: idea_id } = idea
  await tx.delete(idea_keywords).where(eq(idea_keywords.idea_id, idea_id))
  if (ids.length > 0) {
    await tx
      .insert(idea_keywords)
      .values(ids.map((keyword_id) => ({ account_id, idea_id, keyword_id })))
  }
  await tx.update(content_ideas).set({ target_keywords }).where(eq(content_ideas.id, idea_id))
}
