import { and, eq, sql } from 'drizzle-orm'
import { wordpress_objects } from '../../../db/schema/writer.ts'
import type { IntentKind, IntentLog } from '../../../wp-bridge/client/publish/intent-log.ts'
import type { StepJob } from '../../steps/step.ts'
import type { DeliveryLog } from './delivery-log.ts'

/**
 * The intent log in the database. Each write commits before it returns, and fails when another
 * worker has claimed the step. Saves `log` with each write.
 */
export function databaseIntentLog(
  job: StepJob,
  site: { id: number; wp_rest_root: string },
  log?: DeliveryLog,
): IntentLog {
  const account_id = job.step.account_id
  const { id: site_id, wp_rest_root } = site
  const named = (kind: IntentKind, key: string) =>
    and(
      eq(wordpress_objects.site_id, site_id),
      eq(wordpress_objects.wp_rest_root, wp_rest_root),
      eq(wordpress_objects.kind, kind),
      eq(wordpress_objects.key, key),
    )
  return {
    async recall(kind, key) {
      const [row] = await job.read((tx) =>
        tx.select().from(wordpress_objects).where(named(kind, key)),
      )
      return row ?? { intent_at: null, remote_id: null, state: {} }
    },
    intend: (kind, key, at, previous) =>
      job.write(async (tx) => {
        await log?.save(tx)
        await tx
          .insert(wordpress_objects)
          .values({ account_id, site_id, wp_rest_root, kind, key })
          .onConflictDoNothing()
        const written = await tx
          .update(wordpress_objects)
          .set({ intent_at: at, remote_id: null, updated_at: sql`now()` })
          .where(
            and(
              named(kind, key),
              sql`${wordpress_objects.intent_at} is not distinct from ${previous?.toISOString() ?? null}::timestamptz`,
            ),
          )
          .returning({ id: wordpress_objects.id })
        return written.length === 1
      }),
    refuse: (kind, key, at, refusal) =>
      job.write(async (tx) => {
        await tx
          .update(wordpress_objects)
          .set({ state: { refusal }, updated_at: sql`now()` })
          .where(and(named(kind, key), eq(wordpress_objects.intent_at, at)))
      }),
    withdraw: (kind, key, at) =>
      job.write(async (tx) => {
        await tx
          .update(wordpress_objects)
          .set({ intent_at: null, updated_at: sql`now()` })
          .where(and(named(kind, key), eq(wordpress_objects.intent_at, at)))
      }),
    record: (kind, key, remote) =>
      job.write(async (tx) => {
        await log?.save(tx)
        const values = { remote_id: remote.id, state: remote.state, intent_at: null }
        await tx
          .insert(wordpress_objects)
          .values({ account_id, site_id, wp_rest_root, kind, key, ...values })
          .onConflictDoUpdate({
            target: [
              wordpress_objects.account_id,
              wordpress_objects.site_id,
              wordpress_objects.wp_rest_root,
              wordpress_objects.kind,
              wordpress_objects.key,
            ],
            set: { ...values, updated_at: sql`now()` },
          })
      }),
  }
}
