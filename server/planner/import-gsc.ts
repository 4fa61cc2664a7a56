import type { z } from 'zod'
import type { Deps } from '../deps.ts'
import { invalid } from '../errors.ts'
import { requireGrant } from '../google/require-grant.ts'
import type { Caller } from '../http/caller.ts'
import { acceptRun } from '../runs/accept-run.ts'
import { contracts } from '../runs/job-contracts.ts'
import { requireActive } from '../sites/require-active.ts'
import { requireSiteSector } from '../sites/site-sector.ts'
import type { ImportGsc } from './schemas.ts'

/** Search Console has complete data of a day after about three days. */
const LAG_DAYS = 3
const DEFAULT_DAYS = 28

/** Starts the import of a property's search queries as keywords of a sector. Returns the run. */
export function acceptGscImport(
  deps: Deps,
  caller: Caller,
  input: z.infer<typeof ImportGsc>,
): Promise<number> {
  const { site_id, sector_id, property } = input
  const end_date = input.end_date ?? daysAgo(LAG_DAYS)
  const start_date = input.start_date ?? dayBefore(end_date, DEFAULT_DAYS - 1)
  if (start_date > end_date) throw invalid('start_date', `must not be after ${end_date}`)
  const params = { site_id, property, start_date, end_date }
  return deps.database.withAccount(caller.scope, async (tx) => {
    await requireSiteSector(tx, input)
    await requireActive(tx, [input])
    await requireGrant(tx)
    return acceptRun(tx, deps.queue, caller, {
      kind: 'import_gsc',
      siteId: site_id,
      params: { ...params, sector_id },
      steps: [{ contract: contracts.import_gsc, objectId: sector_id, price: 0, params }],
    })
  })
}

function daysAgo(days: number): string {
  return dayBefore(new Date().toISOString().slice(0, 10), days)
}

function dayBefore(date: string, days: number): string {
  const at = new Date(`${date}T00:00:00Z`)
  at.setUTCDate(at.getUTCDate() - days)
  return at.toISOString().slice(0, 10)
}
