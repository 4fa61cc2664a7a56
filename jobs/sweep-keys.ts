import { and, lt, ne, sql } from 'drizzle-orm'
import { bridge_events, wordpress_deliveries } from '../db/schema/bridge.ts'
import { staged_keywords } from '../db/schema/planner.ts'
import { idempotency_keys, public_idempotency_keys } from '../db/schema/system.ts'
import type { Doors } from '../db/tenancy.ts'

/** A day as promised, and an hour for clocks that differ. */
const KEPT_HOURS = 25

/** Longer than an upload may take. */
const UPLOAD_HOURS = 2

/** Forgets idempotency keys that nobody may still repeat a request with, and uploads that were cut off. */
export async function sweepKeys({ doors }: { doors: Doors }): Promise<void> {
  const longAgo = sql`now() - ${KEPT_HOURS} * interval '1 hour'`
  await doors.withPlatform('keep_keys', async (tx) => {
    for (const table of [idempotency_keys, public_idempotency_keys]) {
      await tx.delete(table).where(lt(table.created_at, longAgo))
    }
    await tx
      .delete(staged_keywords)
      .where(lt(staged_keywords.created_at, sql`now() - ${UPLOAD_HOURS} * interval '1 hour'`))
    const lastMonth = sql`now() - interval '30 days'`
    await tx.delete(bridge_events).where(lt(bridge_events.created_at, lastMonth))
    await tx
      .delete(wordpress_deliveries)
      .where(
        and(
          lt(wordpress_deliveries.created_at, lastMonth),
          ne(wordpress_deliveries.state, 'pending'),
        ),
      )
  })
}
