import { and, eq, sql } from 'drizzle-orm'
import { keywords } from '../../db/schema/planner.ts'
import { task_keywords } from '../../db/schema/writer.ts'
import type { Tx } from '../../db/tenancy.ts'
import { invalid } from '../errors.ts'

export type Place = { account_id: number; site_id: number; sector_id: number }
export type TaskKeywords = { text: string; ids: number[] }

/**
 * Both forms of a task's keywords from the one that was given: the ids of keywords of the sector, and
 * the comma-separated text. Undefined when neither was given.
 */
export async function resolveKeywords(
  tx: Tx,
  place: Place,
  input: { keyword_objects?: number[]; keywords?: string },
): Promise<TaskKeywords | undefined> {
  if (input.keyword_objects) return fromIds(tx, place, [...new Set(input.keyword_objects)])
  if (input.keywords !== undefined) return fromText(tx, place, input.keywords)
  return undefined
}

const ofSector = ({ site_id, sector_id }: Place) =>
  and(eq(keywords.site_id, site_id), eq(keywords.sector_id, sector_id))

async function fromIds(tx: Tx, place: Place, ids: number[]): Promise<TaskKeywords> {
  const rows = await tx
    .select({ id: keywords.id, keyword: keywords.keyword })
    .from(keywords)
    .where(and(ofSector(place), sql`${keywords.id} = any(${sql.param(ids)}::bigint[])`))
    .orderBy(keywords.id)
    .for('key share')
  const found = new Map(rows.map(({ id, keyword }) => [id, keyword]))
  const others = ids.filter((id) => !found.has(id))
  if (others.length > 0) {
    throw invalid('keyword_objects', `not keywords of the task's sector: ${others.join(', ')}`)
  }
  return { ids, text: ids.map((id) => found.get(id)).join(', ') }
}

async function fromText(tx: Tx, place: Place, text: string): Promise<TaskKeywords> {
  const given = [...new Set(text.split(',').map((keyword) => keyword.trim()))].filter(Boolean)
  const rows = await tx
    .select({ id: keywords.id })
    .from(keywords)
    .where(
      and(
        ofSector(place),
        sql`${keywords.folded} = any(array(select lower(unnest(${sql.param(given)}::text[]))))`,
      ),
    )
    .orderBy(keywords.id)
    .for('key share')
  return { ids: rows.map(({ id }) => id), text: given.join(', ') }
}

/** Makes `ids` the task's keywords. */
export async function linkKeywords(
  tx: Tx,
  accountId: number,
  taskId: number,
  ids: number[],
): Promise<void> {
  await tx.delete(task_keywords).where(eq(task_keywords.task_id, taskId))
  if (ids.length === 0) return
  await tx
    .insert(task_keywords)
    .values(ids.map((keyword_id) => ({ account_id: accountId, task_id: taskId, keyword_id })))
}
