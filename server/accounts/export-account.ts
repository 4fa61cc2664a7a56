import { sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { images } from '../../db/schema/writer.ts'
import type { Deps } from '../deps.ts'
import type { Caller } from '../http/caller.ts'
import { audit } from '../observability/audit.ts'
import { type ZipEntry, zipped } from './zip-stream.ts'

/** The most rows of a batch, and the most bytes of their text. A batch has at least one row. */
const BATCH = 1_000
const FIRST_ROWS = 50
const BATCH_BYTES = 1024 * 1024

/** Columns with credentials, or encrypted with this service's keys. */
export const SECRET_COLUMNS = [
  'password_hash',
  'token_version',
  'token_hash',
  'state_hash',
  'key_hash',
  'wp_app_password',
  'wp_bridge_keys',
  'api_key',
  'client_secret',
  'refresh_token',
  'secret',
]
/** Tables of internal state: sessions, stored responses for replays, sums, uploads. */
export const NOT_EXPORTED = [
  'refresh_tokens',
  'idempotency_keys',
  'wordpress_connections',
  'bridge_events',
  'account_totals',
  'usage_counters',
  'staged_keywords',
]

/** `texts`: the columns that may be long (text, JSON, lists). */
type Table = { name: string; key: string[]; texts: string[] }

/**
 * Streams an account as a zip: one NDJSON file per table, without secrets, and the images. Each batch is
 * read when it is needed, so one batch is in memory and a slow reader holds no database connection.
 */
export async function exportAccount(
  deps: Deps,
  caller: Caller,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const tables = await deps.database.withAccount(
    caller.scope,
    async (tx) => {
      await audit(tx, caller, 'account.exported')
      return exportedTables(tx)
    },
    { whileClosed: true },
  )
  const chunks = zipped(entries(deps, caller, tables))
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await chunks.next()
      if (done) controller.close()
      else controller.enqueue(new Uint8Array(value))
    },
    async cancel() {
      await chunks.return?.()
    },
  })
}

/** Every table with rows of an account, read from the catalogue so that new tables are included. */
async function exportedTables(tx: Tx): Promise<Table[]> {
  const rows = await tx.execute<Table>(sql`
    select c.relname as name, array_agg(a.attname::text order by k.position) as key,
      array(select t.attname::text from pg_attribute t where t.attrelid = c.oid and t.attnum > 0
        and not t.attisdropped and t.attlen = -1) as texts
    from pg_class c
    join pg_index i on i.indrelid = c.oid and i.indisprimary
    cross join lateral unnest(i.indkey) with ordinality as k (attnum, position)
    join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum and a.attname <> 'account_id'
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relforcerowsecurity
    group by c.oid, c.relname order by c.relname`)
  return [...rows].filter(({ name }) => !NOT_EXPORTED.includes(name))
}

async function* entries(deps: Deps, caller: Caller, tables: Table[]): AsyncGenerator<ZipEntry> {
  for (const table of tables) {
    const chunks = tableRows(deps, caller, table)
    yield { name: `${table.name}.ndjson`, isCompressed: false, chunks }
  }
  const missing: string[] = []
  for await (const path of imagePaths(deps, caller)) {
    const file = await deps.media.get(path)
    if (file) yield { name: `media/${path}`, isCompressed: true, chunks: [file] }
    else missing.push(path)
  }
  if (missing.length === 0) return
  const text = `The files of these images are missing:\n${missing.join('\n')}\n`
  yield { name: 'media-missing.txt', isCompressed: false, chunks: [new TextEncoder().encode(text)] }
}

async function* tableRows(deps: Deps, caller: Caller, table: Table): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder()
  let last: string[] | undefined
  // Measuring a row means reading it, so start small, then read twice what fitted into the last batch.
  let most = FIRST_ROWS
  for (;;) {
    const next = { last, most }
    const rows = await deps.database.withAccount(caller.scope, (tx) => nextRows(tx, table, next), {
      readOnly: true,
    })
    if (rows.length === 0) return
    most = Math.min(2 * rows.length, BATCH)
    yield encoder.encode(rows.map(({ row }) => `${row}\n`).join(''))
    last = rows.at(-1)!.key
  }
}

type Row = { row: string; key: string[] }

/** Up to `most` rows after `last` as JSON, as many as fit into a batch. */
async function nextRows(
  tx: Tx,
  table: Table,
  { last, most }: { last: string[] | undefined; most: number },
): Promise<Row[]> {
  const name = sql.identifier(table.name)
  const key = table.key.map((column) => sql`t.${sql.identifier(column)}`)
  const keys = sql.join(key, sql`, `)
  const keyTexts = sql.join(
    key.map((column) => sql`${column}::text`),
    sql`, `,
  )
  const lengths = table.texts.map(
    (column) => sql` + coalesce(octet_length(t.${sql.identifier(column)}::text), 0)`,
  )
  const values = last?.map((value) => sql`${value}`) ?? []
  const beyond = last ? sql`(${keys}) > (${sql.join(values, sql`, `)})` : sql`true`
  return tx.execute<Row>(sql`
    with near as (
      select ${keys}, sum(0 ${sql.join(lengths)}) over page as bytes, row_number() over page as position
      from (select * from ${name} as t where ${beyond} order by ${keys} limit ${most}) as t
      window page as (order by ${keys} rows unbounded preceding))
    select (to_jsonb(t) - ${sql.param(SECRET_COLUMNS)}::text[])::text as row, array[${keyTexts}] as key
    from ${name} as t
    where ${beyond} and (${keys}) <= (select ${keys} from near as t
      where bytes <= ${BATCH_BYTES} or position = 1 order by position desc limit 1)
    order by ${keys}`)
}

async function* imagePaths({ database }: Deps, { scope }: Caller): AsyncGenerator<string> {
  let last = ''
  for (;;) {
    const rows = await database.withAccount(
      scope,
      (tx) =>
        tx
          .selectDistinct({ path: images.image_path })
          .from(images)
          .where(sql`${images.image_path} > ${last}`)
          .orderBy(images.image_path)
          .limit(BATCH),
      { readOnly: true },
    )
    for (const { path } of rows) yield path
    if (rows.length < BATCH) return
    last = rows.at(-1)!.path
  }
}
