import { and, eq, gt, isNull, or, sql } from 'drizzle-orm'
import type { Database } from '../../db/database.ts'
import { api_keys } from '../../db/schema/identity.ts'

const KNOWN_MS = 30_000
/** The cache is emptied when it holds this many keys. */
const MAX_CACHED = 10_000

/**
 * Checks whether an API key exists, because anyone can write one that is well-formed and nothing may be
 * counted against an account for it. A key that exists is cached for half a minute; access to the
 * account's rows is checked in the database all the same, so a revoked key stops working at once.
 */
export function cacheApiKeys(database: Database) {
  const seenAt = new Map<string, number>()
  return async (accountId: number, hash: string): Promise<boolean> => {
    if (Date.now() - (seenAt.get(hash) ?? 0) < KNOWN_MS) return true
    if (!(await exists(database, accountId, hash))) return false
    if (seenAt.size >= MAX_CACHED) seenAt.clear()
    seenAt.set(hash, Date.now())
    return true
  }
}

async function exists(database: Database, accountId: number, hash: string): Promise<boolean> {
  const [key] = await database.withPlatform('authenticate', (tx) =>
    tx
      .select({ id: api_keys.id })
      .from(api_keys)
      .where(
        and(
          eq(api_keys.account_id, accountId),
          eq(api_keys.key_hash, hash),
          isNull(api_keys.revoked_at),
          or(isNull(api_keys.expires_at), gt(api_keys.expires_at, sql`now()`)),
        ),
      ),
  )
  return key !== undefined
}
