import type { z } from 'zod'
import type { Tx } from '../../db/database.ts'
import type { Deps } from '../deps.ts'
import type { Caller } from '../http/caller.ts'
import { limitConcurrency } from '../http/limit-concurrency.ts'
import { audit } from '../observability/audit.ts'
import { requireSiteSector } from '../sites/site-sector.ts'
import { mergeStage, stageRows } from './keyword-stage.ts'
import { IMPORTS_AT_ONCE, type Received } from './receive-keywords.ts'
import type { Imported } from './schemas.ts'

/** The longest a merge can take: the `long` transaction limit. */
const LONGEST_MS = 15 * 60_000
/** Each import holds a connection of the pool, for seconds if the file is large. */
const merges = limitConcurrency({
  places: 3,
  each: 1,
  waiting: IMPORTS_AT_ONCE,
  patienceMs: (IMPORTS_AT_ONCE - 1) * LONGEST_MS,
  longestMs: LONGEST_MS + 60_000,
  what: 'imports',
})

/**
 * Imports a file that was received: all rows without an error. A keyword of the sector that is there
 * already, whatever its case, takes the values that the file has.
 */
export function importKeywords(
  { database }: Deps,
  caller: Caller,
  { staging, rest, place, tally }: Received,
): Promise<z.infer<typeof Imported>> {
  const { accountId, scope } = caller
  const merge = async (tx: Tx) => {
    await requireSiteSector(tx, place)
    await stageRows(tx, staging, rest)
    const merged = await mergeStage(tx, staging, place)
    const object = { type: 'sector', id: place.sector_id } as const
    await audit(tx, caller, 'keywords.imported', { object, detail: merged })
    const { rows, errors, errors_truncated } = tally
    const skipped = rows - merged.imported - merged.updated
    return { ...merged, skipped, errors, errors_truncated }
  }
  return merges(String(accountId), () => database.withAccount(scope, merge, { long: true }))
}
