import { z } from '@hono/zod-openapi'
import { and, eq, getTableColumns, gte, lt, type SQL, sql } from 'drizzle-orm'
import type { PgColumn, PgSelect, PgTable } from 'drizzle-orm/pg-core'
import type { Tx } from '../../db/database.ts'
import { invalid } from '../errors.ts'
import { isDataException } from './database-errors.ts'
import { fittingIds, MAX_RESPONSE_BYTES, requireFitting, rowsThere } from './response-size.ts'
import { queryInt, queryTime } from './schemas.ts'

const PAGE_SIZE = 25
const MAX_PAGE_SIZE = 200
const MAX_PAGE = 100_000

type Column = PgColumn | SQL
type Ordering = Record<string, Column>

/** The query string of a list: paging, search, ordering and `filters`. Other parameters are a 400. */
export function listQuery<F extends z.core.$ZodLooseShape>(orderings: Ordering, filters: F) {
  const fields = Object.keys(orderings)
  const choices = fields.flatMap((field) => [field, `-${field}`]) as [string, ...string[]]
  return z.strictObject({
    page: queryInt(1, MAX_PAGE).optional(),
    page_size: queryInt(1, MAX_PAGE_SIZE)
      .optional()
      .openapi({
        description:
          `The number of objects per page, ${PAGE_SIZE} by default. If a page has more than ${MAX_RESPONSE_BYTES / 1024 / 1024} MB ` +
          'of text, the request fails with 400 `answer_too_large`: use a smaller page or `cursor`.',
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
          'Cursor pagination, for long lists. Send `cursor=` without a value for the first page, then follow ' +
          '`next`. A page can have fewer objects than `page_size` if their text is too large for one response.',
      }),
    ...filters,
  })
}

/** The envelope of a list. With a cursor, `count` and `previous` are null. */
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
 * Runs the query of a list: adds conditions, order and limits to `rows`, which selects from `from`. Rows
 * and count take one round trip; with a cursor nothing is counted. Ties are broken by id, in the same
 * direction. If rows may be large, a numbered page that does not fit into one response is a 400, because
 * a client that counts pages would miss the rows left out. A page with a cursor is shortened instead.
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
    /** The bytes of a row, if rows may be large. Pages are then limited to what fits into one response. */
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

/** Filters by the time of creation. */
export const period = {
  created_after: queryTime.optional(),
  created_before: queryTime.optional(),
}

export type Period = { created_after?: Date; created_before?: Date }

/** From `created_after` (inclusive) to `created_before` (exclusive). */
export function within(
  column: PgColumn,
  { created_after, created_before }: Period,
): (SQL | undefined)[] {
  return [created_after && gte(column, created_after), created_before && lt(column, created_before)]
}

/** The conditions of filters that are named like columns. */
export function equalTo<T extends PgTable>(
  table: T,
  filters: { [name in keyof T['_']['columns']]?: unknown },
): SQL[] {
  const columns = getTableColumns(table)
  return Object.entries(filters).flatMap(([name, value]) =>
    value === undefined ? [] : eq(columns[name]!, value),
  )
}

/** The condition that a column contains the searched text; wildcards in it are escaped. */
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
  return invalid(
    'cursor',
    'must be a cursor of this list with the same ordering; start again with cursor=',
  )
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
