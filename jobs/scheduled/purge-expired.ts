import { sql } from 'drizzle-orm'
import type { Database } from '../../db/database.ts'
import { isExpiring } from '../../db/schema/runs.ts'
import type { Logger } from '../../server/observability/logger.ts'
import { PROBE_DAYS, RETENTION, type Swept } from './retention.ts'

/** Rows deleted in one transaction, and transactions for one table in one round. */
const BATCH = 1_000
const BATCHES = 20

type Deps = { database: Database; logger: Logger }

/**
 * Deletes rows that are kept no longer, in small transactions that wait for nobody. What is left after
 * a round's share is deleted by the next. A failing table is logged and does not stop the others.
 * Returns how many rows were deleted.
 */
export async function purgeTables(deps: Deps): Promise<number> {
  let swept = await inBatches(deps, 'runs', () => sweepProbes(deps))
  for (const [table, rule] of Object.entries(RETENTION)) {
    if ('column' in rule) swept += await inBatches(deps, table, () => sweepTable(deps, table, rule))
  }
  return swept
}

async function inBatches(
  { logger }: Deps,
  table: string,
  sweep: () => Promise<number>,
): Promise<number> {
  let swept = 0
  try {
    for (let n = 0; n < BATCHES; n++) {
      const batch = await sweep()
      swept += batch
      if (batch < BATCH) break
    }
  } catch (error) {
    logger.error({ err: error, table }, 'old rows not deleted')
  }
  return swept
}

function sweepTable({ database }: Deps, table: string, { column, days, over }: Swept) {
  const name = sql.identifier(table)
  const at = sql.identifier(column)
  return database.withPlatform('sweep', async (tx) => {
    const { count } = await tx.execute(sql`delete from ${name} where ctid = any(array(
      select ctid from ${name} where ${at} < now() - ${days} * interval '1 day' and (${over ?? sql`true`})
      order by ${at} limit ${BATCH} for update skip locked))`)
    return count
  })
}

/** Deletes old probes with their steps. One that the ledger or the usage log refers to stays. */
function sweepProbes({ database }: Deps): Promise<number> {
  return database.withPlatform('sweep', async (tx) => {
    const due = await tx.execute<{ account_id: string; id: string }>(sql`
      select account_id, id from runs r
      where ${isExpiring} and finished_at < now() - ${PROBE_DAYS} * interval '1 day'
        and not exists (select from usage_logs u where u.account_id = r.account_id and u.run_id = r.id)
        and not exists (select from wordpress_connections w
          where w.account_id = r.account_id and w.run_id = r.id)
      order by finished_at limit ${BATCH} for update skip locked`)
    if (due.length === 0) return 0
    const accounts = sql`${sql.param(due.map(({ account_id }) => account_id))}::bigint[]`
    const ids = sql`${sql.param(due.map(({ id }) => id))}::bigint[]`
    const pairs = sql`(select * from unnest(${accounts}, ${ids}))`
    await tx.execute(sql`delete from run_steps where (account_id, run_id) in ${pairs}`)
    await tx.execute(sql`delete from runs where (account_id, id) in ${pairs}`)
    return due.length
  })
}
