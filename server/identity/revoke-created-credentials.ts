import { and, eq, isNull, sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { api_keys, invitations } from '../../db/schema/identity.ts'

/** Revokes the API keys and open invitations that a user created, so that they cannot regain access. */
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
