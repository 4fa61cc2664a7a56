import type { z } from 'zod'
import type { Tx } from '../../db/tenancy.ts'
import { audit } from '../audit.ts'
import type { Deps } from '../deps.ts'
import type { Caller } from '../http/caller.ts'
import type { KeywordRow } from './keyword-rows.ts'
import { mergeStage, openStage, stageRows } from './keyword-stage.ts'
import { openUpload, type Rows } from './keyword-upload.ts'
import { takeTurns } from '../turns.ts'
import { type Place, requirePlace } from './place.ts'
import type { Imported } from './schemas.ts'

type Answer = z.infer<typeof Imported>
type Tally = { rows: number; errors: Answer['errors']; errors_truncated: number }

const BATCH = 5000
const MAX_ERRORS = 100
/** A file of more than one batch keeps a connection of the pool while it arrives. */
const largeImports = takeTurns({
  places: 3,
  each: 1,
  waiting: 20,
  patienceMs: 600_000,
  what: 'imports of your account',
})

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
      const merged = await mergeStage(tx, caller.accountId, place)
      await auditImport(tx, caller, place, merged)
      const { rows, errors, errors_truncated } = tally
      const skipped = rows - merged.imported - merged.updated
      return { ...merged, skipped, errors, errors_truncated }
    })
  return (first.value?.length ?? 0) < BATCH
    ? store()
    : largeImports(String(caller.accountId), store)
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

async function stage(tx: Tx, rows: Rows, tally: Tally): Promise<void> {
  const read: KeywordRow[] = []
  for (const row of rows) {
    tally.rows++
    if ('keyword' in row) read.push(row)
    else if (tally.errors.length < MAX_ERRORS) tally.errors.push(row)
    else tally.errors_truncated++
  }
  await stageRows(tx, read)
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
