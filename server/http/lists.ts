import { z } from '@hono/zod-openapi'
import { and, eq, getTableColumns, gte, lt, type SQL, sql } from 'drizzle-orm'
import type { PgColumn, PgSelect, PgTable } from 'drizzle-orm/pg-core'
import type { Tx } from '../../db/database.ts'
import { invalid } from '../errors.ts'
import { fittingIds, MAX_ANSWER_BYTES, requireFitting, rowsThere } from './answer-bytes.ts'
import { isDataException } from './database-errors.ts'
import { queryInt, queryTime } from './schemas.ts'

const PAGE_SIZE = 25
const MAX_PAGE_SIZE = 200
const MAX_PAGE = 100_000

type Column = PgColumn | SQL
type Ordering = Record<string, Column>

/** The query string of a list: paging, search, ordering and `filters`; anything else is a 400. */
export function listQuery<F extends z.core.$ZodLooseShape>(orderings: Ordering, filters: F) {
  const fields = Object.keys(orderings)
  const choices = fields.flatMap((field) => [field, `-${field}`]) as [string, ...string[]]
  return z.strictObject({
    page: queryInt(1, MAX_PAGE).optional(),
    page_size: queryInt(1, MAX_PAGE_SIZE)
      .optional()
      .openapi({
        description:
          `${PAGE_SIZE} by default. A page of more than ${MAX_ANSWER_BYTES / 1024 / 1024} MB of text is a 400 ` +
          '`answer_too_large`: ask for fewer objects, or walk the list by `cursor`.',
      }),
    search: z
      .string()
      .max(200)
      .refine((value) => !value.includes('\0'), { message: 'must not contain a NUL character' })
      .optional(),
    ordering: z.enum(choices).optional(),
    cursor: z
      .string()
      .max(1000)
      .optional()
      .openapi({
        description:
          'Empty to start a walk of any depth at constant cost, then as `next` says. A page ends early ' +
          'where its text would be too much for one answer.',
      }),
    ...filters,
  })
}

/** The envelope of a list. In a cursor walk `count` and `previous` are null. */
export const pageOf = <S extends z.ZodType>(row: S) =>
  z.object({
    count: z.int().nullable(),
    next: z.string().nullable(),
    previous: z.string().nullable(),
    results: z.array(row),
  })

export type Page<Row> = {
  count: number | null
  next: string | null
  previous: string | null
  results: Row[]
}

type ListRequest = { page?: number; page_size?: number; ordering?: string; cursor?: string }

/**
 * Answers a list: `rows` selects from `from`, and is given its conditions, order and limits here. Rows
 * and count go out in one round trip; a cursor walk counts nothing. Ties are broken by id, in the same
 * direction. Where rows may be large, a page by number that has more than fits into an answer is a
 * 400: to leave rows out would lose them for who counts pages. A page of a cursor walk ends early.
 */
export async function listPage<T extends PgSelect>(
  tx: Tx,
  list: {
    url: string
    query: ListRequest
    orderings: Ordering
    /** Such as `-created_at`. */
    defaultOrdering: string
    from: PgTable & { id: PgColumn }
    rows: T
    where: (SQL | undefined)[]
    /** Where rows may be large: the bytes of one. A page then has what fits into an answer. */
    bytes?: SQL
  },
): Promise<Page<T['_']['result'][number]>> {
  const { query } = list
  const size = query.page_size ?? PAGE_SIZE
  const ordering = query.ordering ?? list.defaultOrdering
  const field = ordering.replace('-', '')
  const { id } = list.from
  const column = list.orderings[field] ?? id
  const direction = sql.raw(ordering.startsWith('-') ? 'desc' : 'asc')
  const orderBy = [sql`${column} ${direction}`, sql`${id} ${direction}`]
  const where = and(...list.where)
  const { bytes } = list
  const take = (where: SQL | undefined, limit: number, offset: number) => {
    const page = bytes && { from: list.from, where, orderBy, limit, offset, bytes }
    const rows = page
      ? list.rows.where(sql`${id} = any(${fittingIds(page)})`).orderBy(...orderBy)
      : list.rows
          .where(where)
          .orderBy(...orderBy)
          .limit(limit)
          .offset(offset)
    return { page, rows }
  }
  if (query.cursor !== undefined) {
    const after = query.cursor === '' ? undefined : beyond(query.cursor, ordering, column, id)
    const { page, rows: taken } = take(and(where, after), size + 1, 0)
    const [rows, there] = await Promise.all([taken.execute(), page && rowsThere(tx, page)]).catch(
      (error: unknown) => {
        throw isDataException(error) ? badCursor() : error
      },
    )
    const results = rows.slice(0, size)
    const last = (there ?? rows.length) > results.length ? results.at(-1) : undefined
    const next = last ? link(list.url, { cursor: cursorOf(ordering, field, last) }) : null
    return { count: null, next, previous: null, results }
  }
  const page = query.page ?? 1
  const offset = (page - 1) * size
  const { page: weighed, rows } = take(where, size, offset)
  const [results, count] = await Promise.all([rows, tx.$count(list.from, where)])
  if (weighed && results.length < Math.min(size, count - offset)) await requireFitting(tx, weighed)
  return {
    count,
    next: offset + results.length < count ? link(list.url, { page: page + 1 }) : null,
    previous: page > 1 ? link(list.url, { page: page - 1 }) : null,
    results,
  }
}

/** Filters of when a row was made. */
export const period = {
  created_after: queryTime.optional(),
  created_before: queryTime.optional(),
}

export type Period = { created_after?: Date; created_before?: Date }

/** From `created_after` on, and before `created_before`. */
export function within(
  column: PgColumn,
  { created_after, created_before }: Period,
): (SQL | undefined)[] {
  return [created_after && gte(column, created_after), created_before && lt(column, created_before)]
}

/** The conditions that filters of the same names as columns make. */
export function equalTo<T extends PgTable>(
  table: T,
  filters: { [name in keyof T['_']['columns']]?: unknown },
): SQL[] {
  const columns = getTableColumns(table)
  return Object.entries(filters).flatMap(([name, value]) =>
    value === undefined ? [] : eq(columns[name]!, value),
  )
}

/** A `like` pattern for text that contains what was searched for. */
export function contains(column: Column, search: string | undefined): SQL | undefined {
  if (!search) return undefined
  return sql`${column} ilike ${`%${search.replace(/[\\%_]/g, '\\$&')}%`}`
}

const Cursor = z.tuple([z.string(), z.union([z.string(), z.number()]), z.int()])

function cursorOf(ordering: string, field: string, row: Record<string, unknown>): string {
  return Buffer.from(JSON.stringify([ordering, row[field], row.id])).toString('base64url')
}

function beyond(cursor: string, ordering: string, column: Column, id: Column): SQL {
  const parsed = Cursor.safeParse(parseCursor(cursor))
  if (!parsed.success || parsed.data[0] !== ordering) {
    throw badCursor()
  }
  const [, value, lastId] = parsed.data
  const comparison = sql.raw(ordering.startsWith('-') ? '<' : '>')
  return sql`(${column}, ${id}) ${comparison} (${String(value)}, ${lastId}::bigint)`
}

function badCursor() {
  return invalid('cursor', 'is not a cursor of this list in this ordering')
}

function parseCursor(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString())
  } catch {
    return undefined
  }
}

function link(url: string, change: Record<string, string | number>): string {
  const next = new URL(url)
  for (const [name, value] of Object.entries(change)) next.searchParams.set(name, String(value))
  return next.pathname + next.search
}
