import { sql } from 'drizzle-orm'
import type { z } from 'zod'
import { keywords } from '../../db/schema/planner.ts'
import type { Tx } from '../../db/tenancy.ts'
import { audit } from '../audit.ts'
import type { Deps } from '../deps.ts'
import type { Caller } from '../http/caller.ts'
import type { KeywordRow } from './keyword-rows.ts'
import { openUpload, type Rows } from './keyword-upload.ts'
import { type Place, requirePlace } from './place.ts'
import type { Imported } from './schemas.ts'
import { takeTurns } from './turns.ts'

type Answer = z.infer<typeof Imported>
type Tally = { rows: number; errors: Answer['errors']; errors_truncated: number }

const BATCH = 5000
const MAX_ERRORS = 100
/** A file of more than one batch keeps a connection of the pool while it arrives. */
const largeImports = takeTurns(3)

/**
 * Imports an uploaded CSV, whatever its size, with one batch of rows in memory: all rows without an
 * error, or nothing when the file as a whole cannot be read (`csv_invalid`). A keyword of the sector
 * that is there already, whatever its case, takes the values that the file has.
 */
export async function importKeywords(
  deps: Deps,
  caller: Caller,
  request: Request,
): Promise<Answer> {
  const upload = openUpload(request)
  const batches = inBatches(upload.rows)
  const first = await batches.next()
  // Most files are one batch: their upload is over before a transaction begins.
  const store = () =>
    deps.doors.withAccount(caller.scope, async (tx) => {
      const tally: Tally = { rows: 0, errors: [], errors_truncated: 0 }
      await openStage(tx)
      for (let batch = first; !batch.done; batch = await batches.next()) {
        await stage(tx, batch.value, tally)
      }
      const place = upload.place()
      await requirePlace(tx, place)
      const merged = await merge(tx, caller.accountId, place)
      await auditImport(tx, caller, place, merged)
      const { rows, errors, errors_truncated } = tally
      const skipped = rows - merged.imported - merged.updated
      return { ...merged, skipped, errors, errors_truncated }
    })
  return (first.value?.length ?? 0) < BATCH ? store() : largeImports(store)
}

async function* inBatches(pieces: AsyncGenerator<Rows, void, undefined>) {
  let batch: Rows = []
  for await (const rows of pieces) {
    for (const row of rows) batch.push(row)
    if (batch.length < BATCH) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

/** COPY refuses tables with row-level security: rows are copied into a table of this transaction. */
async function openStage(tx: Tx): Promise<void> {
  await tx.$sql.unsafe(`create temp table staged_keywords
    (line integer, keyword text, volume integer, difficulty integer, intent text) on commit drop`)
}

async function stage(tx: Tx, rows: Rows, tally: Tally): Promise<void> {
  let text = ''
  for (const row of rows) {
    tally.rows++
    if ('keyword' in row) text += copyLine(row)
    else if (tally.errors.length < MAX_ERRORS) tally.errors.push(row)
    else tally.errors_truncated++
  }
  await copyIn(tx, text)
}

async function copyIn(tx: Tx, text: string): Promise<void> {
  const copy = await tx.$sql.unsafe('copy staged_keywords from stdin').writable()
  const closed = new Promise<void>((resolve) => copy.on('close', resolve))
  await new Promise<void>((resolve, reject) => {
    copy.on('error', reject)
    copy.write(text, (error) => (error ? reject(error) : resolve()))
  })
  copy.end()
  // The driver never ends the stream of a COPY that failed: the next statement tells. And it sends a
  // stray CopyFail as it closes the stream, which must not meet the next COPY.
  await tx.$sql.unsafe('select 1')
  await closed
}

/** A line of COPY's text format. Keywords are of one line, so that only backslashes are escaped. */
function copyLine({ line, keyword, volume, difficulty, intent }: KeywordRow): string {
  const escaped = keyword.replaceAll('\\', '\\\\')
  return `${[line, escaped, volume, difficulty, intent].map((cell) => cell ?? '\\N').join('\t')}\n`
}

/** Puts the last row of each keyword into the sector: new ones first, then what was there. */
async function merge(tx: Tx, accountId: number, { site_id, sector_id }: Place) {
  // Two imports into one sector take turns, so that they cannot wait for each other's rows.
  await tx.execute(
    sql`select pg_advisory_xact_lock(hashtextextended('import_keywords', ${sector_id}))`,
  )
  await tx.$sql.unsafe(`create temp table latest_keywords on commit drop as
    select distinct on (lower(keyword)) lower(keyword) as folded, * from staged_keywords
    order by lower(keyword), line desc`)
  await tx.$sql.unsafe('analyze latest_keywords')
  const imported = await tx.execute(sql`
    with inserted as (
      insert into ${keywords} (account_id, site_id, sector_id, keyword, volume, difficulty, intent)
      select ${accountId}::bigint, ${site_id}::bigint, ${sector_id}::bigint, keyword,
        coalesce(volume, 0), coalesce(difficulty, 0), coalesce(intent, 'informational')
      from latest_keywords order by folded
      on conflict (account_id, site_id, sector_id, lower(keyword)) do nothing
      returning lower(keyword) as folded)
    delete from latest_keywords using inserted where latest_keywords.folded = inserted.folded`)
  const updated = await tx.execute(sql`
    update ${keywords} as k set volume = coalesce(l.volume, k.volume),
      difficulty = coalesce(l.difficulty, k.difficulty), intent = coalesce(l.intent, k.intent),
      updated_at = now()
    from latest_keywords l
    where k.account_id = ${accountId} and k.site_id = ${site_id} and k.sector_id = ${sector_id}
      and lower(k.keyword) = l.folded`)
  return { imported: imported.count, updated: updated.count }
}

async function auditImport(
  tx: Tx,
  caller: Caller,
  { sector_id }: Place,
  merged: { imported: number; updated: number },
): Promise<void> {
  const { accountId, userId, requestId } = caller
  const object = { type: 'sector', id: sector_id }
  const action = 'keywords.imported'
  await audit(tx, { accountId, userId, requestId, action, object, detail: merged })
}
