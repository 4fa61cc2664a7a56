import { sql } from 'drizzle-orm'
import { images } from '../../db/schema/writer.ts'
import type { Tx } from '../../db/tenancy.ts'
import { audit } from '../audit.ts'
import type { Deps } from '../deps.ts'
import type { Caller } from '../http/caller.ts'
import { type ZipEntry, zipped } from './zip-stream.ts'

const BATCH = 1_000
/** Of an archive without ZIP64, with room for what is not an image. */
const MAX_FILES = 65_000
const MAX_BYTES = 3_500_000_000

/** Columns that open something, or are encrypted for this service alone: nobody can use them elsewhere. */
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
/** The service's own bookkeeping: sessions, answers kept to be repeated, sums, uploads. */
export const NOT_EXPORTED = [
  'refresh_tokens',
  'idempotency_keys',
  'wordpress_connections',
  'bridge_events',
  'account_totals',
  'usage_counters',
  'staged_keywords',
]

type Table = { name: string; key: string[] }

/**
 * Everything of an account as a zip: a file of NDJSON a table, without secrets, and the images.
 * It is read as it is sent, each batch as it stands then, with one batch in memory.
 */
export async function exportAccount(
  deps: Deps,
  caller: Caller,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const tables = await deps.doors.withAccount(
    caller.scope,
    async (tx) => {
      const { accountId, userId, requestId } = caller
      await audit(tx, { accountId, userId, requestId, action: 'account.exported' })
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
      await chunks.return(undefined)
    },
  })
}

/** Every table that holds the account's rows, from the catalogue, so that a new one is not forgotten. */
export async function exportedTables(tx: Tx): Promise<Table[]> {
  const rows = await tx.execute<{ name: string; key: string[] }>(sql`
    select c.relname as name, array_agg(a.attname::text order by k.position) as key
    from pg_class c
    join pg_index i on i.indrelid = c.oid and i.indisprimary
    cross join lateral unnest(i.indkey) with ordinality as k (attnum, position)
    join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum and a.attname <> 'account_id'
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relforcerowsecurity
    group by c.relname order by c.relname`)
  return [...rows].filter(({ name }) => !NOT_EXPORTED.includes(name))
}

async function* entries(deps: Deps, caller: Caller, tables: Table[]): AsyncGenerator<ZipEntry> {
  for (const table of tables) {
    const chunks = tableRows(deps, caller, table)
    yield { name: `${table.name}.ndjson`, isCompressed: false, chunks }
  }
  let files = 0
  let bytes = 0
  const leftOut: string[] = []
  for await (const path of imagePaths(deps, caller)) {
    const file = await deps.media.get(path)
    const isRoom = files < MAX_FILES && bytes + (file?.length ?? 0) < MAX_BYTES
    if (!file || !isRoom) {
      leftOut.push(path)
      continue
    }
    files++
    bytes += file.length
    yield { name: `media/${path}`, isCompressed: true, chunks: [file] }
  }
  if (leftOut.length === 0) return
  const text = `Images that are not in this archive; each is served below /media/.\n${leftOut.join('\n')}\n`
  const chunks = [new TextEncoder().encode(text)]
  yield { name: 'media-left-out.txt', isCompressed: false, chunks }
}

async function* tableRows(
  deps: Deps,
  caller: Caller,
  { name, key }: Table,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder()
  const columns = sql.join(
    key.map((column) => sql`t.${sql.identifier(column)}`),
    sql`, `,
  )
  let last: unknown[] | undefined
  do {
    const beyond = last && sql`where (${columns}) > (${sql.join(last.map(keyValue), sql`, `)})`
    const rows = await deps.doors.withAccount(
      caller.scope,
      (tx) =>
        tx.execute<{ row: Record<string, unknown> }>(sql`
          select to_jsonb(t) - ${sql.param(SECRET_COLUMNS)}::text[] as row
          from ${sql.identifier(name)} as t ${beyond} order by ${columns} limit ${BATCH}`),
      { readOnly: true },
    )
    yield encoder.encode([...rows].map(({ row }) => `${JSON.stringify(row)}\n`).join(''))
    const end = rows.length < BATCH ? undefined : rows.at(-1)?.row
    last = end && key.map((column) => end[column])
  } while (last)
}

/** Keys are numbers but for those of counters, which are text. */
const keyValue = (value: unknown) =>
  typeof value === 'number' ? sql`${value}::bigint` : sql`${String(value)}`

async function* imagePaths({ doors }: Deps, { scope }: Caller): AsyncGenerator<string> {
  let last = ''
  for (;;) {
    const rows = await doors.withAccount(
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
