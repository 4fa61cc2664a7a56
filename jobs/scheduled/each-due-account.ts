import { type SQL, sql } from 'drizzle-orm'
import type { PlatformReason } from '../../db/database.ts'
import type { WorkerDeps } from '../steps/step.ts'

const BATCH = 100

/**
 * Runs an action for each account that `isDue`, one at a time in the order of their ids. A failure is
 * logged and does not stop the others.
 */
export async function eachDueAccount(
  { database, logger }: Pick<WorkerDeps, 'database' | 'logger'>,
  { reason, isDue, failed }: { reason: PlatformReason; isDue: SQL; failed: string },
  work: (id: number) => Promise<unknown>,
): Promise<void> {
  for (let last = 0; ; ) {
    const due = await database.withPlatform(reason, (tx) =>
      tx.execute<{ id: string }>(sql`select id from accounts
        where ${isDue} and id > ${last} order by id limit ${BATCH}`),
    )
    for (const { id } of due) {
      last = Number(id)
      await work(last).catch((error: unknown) => {
        logger.error({ err: error, account_id: last }, failed)
      })
    }
    if (due.length < BATCH) return
  }
}
