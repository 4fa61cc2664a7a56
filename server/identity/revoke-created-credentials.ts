import { and, eq, isNull, sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { api_keys, invitations } from '../../db/schema/identity.ts'

/** Revokes the API keys that a user made and the invitations that are open: who is out keeps no way in. */
export async function revokeHandedOut(tx: Tx, userId: number): Promise<void> {
  const revoked = { revoked_at: sql`now()`, updated_at: sql`now()` }
  await tx
    .update(api_keys)
    .set(revoked)
    .where(and(eq(api_keys.created_by_id, userId), isNull(api_keys.revoked_at)))
  await tx
    .update(invitations)
    .set(revoked)
    .where(
      and(
        eq(invitations.invited_by_id, userId),
        isNull(invitations.accepted_at),
        isNull(invitations.revoked_at),
      ),
    )
}
