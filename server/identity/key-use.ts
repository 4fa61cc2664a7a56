import { and, eq, isNull, lt, or, sql } from 'drizzle-orm'
import type { Database } from '../../db/database.ts'
import { api_keys } from '../../db/schema/identity.ts'
import type { Logger } from '../observability/logger.ts'

const EVERY_MS = 60_000
/** The cache is emptied at this many keys; the database also writes at most once a minute. */
const MAX_CACHED = 10_000

/** Records the last use of an API key, at most once a minute, so that most requests write nothing. */
export function noteKeyUse(database: Database, logger: Logger) {
  const notedAt = new Map<string, number>()
  return async (accountId: number, hash: string): Promise<void> => {
    const now = Date.now()
    if (now - (notedAt.get(hash) ?? 0) < EVERY_MS) return
    if (notedAt.size >= MAX_CACHED) notedAt.clear()
    notedAt.set(hash, now)
    await writeUse(database, accountId, hash).catch((error: unknown) =>
      logger.warn({ err: error }, 'could not record the last use of an API key'),
    )
  }
}

async function writeUse(database: Database, accountId: number, hash: string): Promise<void> {
  await database.withPlatform('note_key_use', (tx) =>
    tx
      .update(api_keys)
      .set({ last_used_at: sql`now()` })
      .where(
        and(
          eq(api_keys.account_id, accountId),
          eq(api_keys.key_hash, hash),
          or(
            isNull(api_keys.last_used_at),
            lt(api_keys.last_used_at, sql`now() - interval '1 minute'`),
          ),
        ),
      ),
  )
}
