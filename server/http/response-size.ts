import { type SQL, sql } from 'drizzle-orm'
import { type PgColumn, PgJsonb, type PgTable, PgText } from 'drizzle-orm/pg-core'
import type { Tx } from '../../db/database.ts'
import { DomainError } from '../errors.ts'

/**
 * The most text that a response may load from the database, in bytes. Building its JSON takes several
 * times as much memory. 200 articles of 6,000 words fit.
 */
export const MAX_RESPONSE_BYTES = 8 * 1024 * 1024

/** The query for the rows of a page, whatever their size. */
export type PageRows = {
  from: PgTable & { id: PgColumn }
  where: SQL | undefined
  orderBy: SQL[]
  limit: number
  offset: number
  /** The bytes of a row; see `bytesOf`. */
  bytes: SQL
}

/**
 * The bytes of the text and JSON in some columns of a row. PostgreSQL knows the length of a stored text
 * without reading it, but has to read JSON.
 */
export function bytesOf(columns: Record<string, PgColumn>): SQL {
  const lengths = Object.values(columns).flatMap((column) => {
    if (column instanceof PgText) return [sql`coalesce(octet_length(${column}), 0)`]
    if (column instanceof PgJsonb) return [sql`coalesce(octet_length(${column}::text), 0)`]
    return []
  })
  return sql`(${sql.join(lengths, sql` + `)})`
}

/** The ids of the first rows of a page that fit into a response, at least one. */
export function fittingIds(page: PageRows): SQL {
  const order = sql`order by ${sql.join(page.orderBy, sql`, `)}`
  return sql`array(select id from (
    select ${page.from.id} as id, row_number() over page as position, sum(${page.bytes}) over page as bytes
    from (${rowsOf(page, sql`${page.from}.*`)}) as ${page.from}
    window page as (${order} rows unbounded preceding)) as weighed
    where bytes <= ${MAX_RESPONSE_BYTES} or position = 1)`
}

/** How many rows the page would have. */
export async function rowsThere(tx: Tx, page: PageRows): Promise<number> {
  const [row] = await tx.execute<{ n: string }>(
    sql`select count(*) as n from (${rowsOf(page, sql`1`)}) as there`,
  )
  return Number(row?.n)
}

/** Throws a 400 unless all rows of the page fit into one response. */
export async function requireFitting(tx: Tx, page: PageRows): Promise<void> {
  const [row] = await tx.execute<{ fitting: string; there: string }>(sql`
    select cardinality(${fittingIds(page)}) as fitting,
      (select count(*) from (${rowsOf(page, sql`1`)}) as there) as there`)
  const [fitting, there] = [Number(row?.fitting), Number(row?.there)]
  if (fitting >= there) return
  throw answerTooLarge(
    `The ${there} objects of this page have too much text for one response. ` +
      `Use page_size=${fitting} or less, or page through the list with cursor=, which shortens such pages.`,
  )
}

/** The 400 for a response that would be too large; `detail` says what to request instead. */
export function answerTooLarge(detail: string): DomainError {
  const most = `A response can have at most ${MAX_RESPONSE_BYTES / 1024 / 1024} MB of text.`
  return new DomainError('answer_too_large', `${detail} ${most}`)
}

const rowsOf = ({ from, where, orderBy, limit, offset }: PageRows, selected: SQL) =>
  sql`select ${selected} from ${from} ${where && sql`where ${where}`}
    order by ${sql.join(orderBy, sql`, `)} limit ${limit} offset ${offset}`
