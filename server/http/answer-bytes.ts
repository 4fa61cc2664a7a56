import { type SQL, sql } from 'drizzle-orm'
import { type PgColumn, PgJsonb, type PgTable, PgText } from 'drizzle-orm/pg-core'
import type { Tx } from '../../db/database.ts'
import { DomainError } from '../errors.ts'

/**
 * How much text one answer may bring from the database, in bytes; the JSON of it and the copies made
 * on the way take several times as much memory. 200 articles of 6,000 words fit.
 */
export const MAX_ANSWER_BYTES = 8 * 1024 * 1024

/** The rows that a page would have, whatever they weigh. */
export type PageRows = {
  from: PgTable & { id: PgColumn }
  where: SQL | undefined
  orderBy: SQL[]
  limit: number
  offset: number
  /** Bytes of a row: see `bytesOf`. */
  bytes: SQL
}

/**
 * The bytes of the text and JSON in some columns of a row. PostgreSQL knows how long a stored text is
 * without reading it; JSON it must read.
 */
export function bytesOf(columns: Record<string, PgColumn>): SQL {
  const lengths = Object.values(columns).flatMap((column) => {
    if (column instanceof PgText) return [sql`coalesce(octet_length(${column}), 0)`]
    if (column instanceof PgJsonb) return [sql`coalesce(octet_length(${column}::text), 0)`]
    return []
  })
  return sql`(${sql.join(lengths, sql` + `)})`
}

/** The ids of the first rows of a page that fit into an answer; one at least. */
export function fittingIds(page: PageRows): SQL {
  const order = sql`order by ${sql.join(page.orderBy, sql`, `)}`
  return sql`array(select id from (
    select ${page.from.id} as id, row_number() over page as position, sum(${page.bytes}) over page as bytes
    from (${rowsOf(page, sql`${page.from}.*`)}) as ${page.from}
    window page as (${order} rows unbounded preceding)) as weighed
    where bytes <= ${MAX_ANSWER_BYTES} or position = 1)`
}

/** How many rows the page would have. */
export async function rowsThere(tx: Tx, page: PageRows): Promise<number> {
  const [row] = await tx.execute<{ n: string }>(
    sql`select count(*) as n from (${rowsOf(page, sql`1`)}) as there`,
  )
  return Number(row?.n)
}

/** Throws a 400 unless all rows of the page fit into an answer. */
export async function requireFitting(tx: Tx, page: PageRows): Promise<void> {
  const [row] = await tx.execute<{ fitting: string; there: string }>(sql`
    select cardinality(${fittingIds(page)}) as fitting,
      (select count(*) from (${rowsOf(page, sql`1`)}) as there) as there`)
  const [fitting, there] = [Number(row?.fitting), Number(row?.there)]
  if (fitting >= there) return
  throw answerTooLarge(
    `The ${there} objects of this page have more text than one answer may have. ` +
      `Ask for page_size=${fitting} or less, or walk the list by cursor=, whose pages end early.`,
  )
}

/** For what was asked for at once and is too much; `detail` says what to ask for instead. */
export function answerTooLarge(detail: string): DomainError {
  const most = `One answer has at most ${MAX_ANSWER_BYTES / 1024 / 1024} MB of text.`
  return new DomainError('answer_too_large', `${detail} ${most}`)
}

const rowsOf = ({ from, where, orderBy, limit, offset }: PageRows, selected: SQL) =>
  sql`select ${selected} from ${from} ${where && sql`where ${where}`}
    order by ${sql.join(orderBy, sql`, `)} limit ${limit} offset ${offset}`
