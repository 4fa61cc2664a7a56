import { and, asc, eq, ne, sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { accounts, users } from '../../db/schema/accounts.ts'
import { DomainError, invalid } from '../errors.ts'

/** Serialises changes of roles in an account, so that it always has an owner. */
export async function lockRoles(tx: Tx, accountId: number): Promise<void> {
  await tx
    .select({ id: accounts.id })
    .from(accounts)
    .where(eq(accounts.id, accountId))
    .for('no key update')
}

/** Makes another user the owner of the account. The previous owner becomes an admin. */
export async function transferOwnership(tx: Tx, accountId: number, toId: number): Promise<void> {
  await lockRoles(tx, accountId)
  const [account] = await tx
    .select({ owner_id: accounts.owner_id })
    .from(accounts)
    .where(eq(accounts.id, accountId))
  if (account?.owner_id === toId) return
  const [next] = await tx
    .update(users)
    .set({ role: 'owner', updated_at: sql`now()` })
    .where(and(eq(users.id, toId), users.is_active, ne(users.role, 'developer')))
    .returning({ id: users.id })
  if (!next) throw invalid('owner_id', 'must be an active user of this account')
  if (account?.owner_id) {
    await tx
      .update(users)
      .set({ role: 'admin', updated_at: sql`now()` })
      .where(and(eq(users.id, account.owner_id), eq(users.role, 'owner')))
  }
  await tx.update(accounts).set({ owner_id: toId }).where(eq(accounts.id, accountId))
}

/**
 * Called before an owner leaves. If the account names them as its owner, it names the longest-standing other
 * owner instead. Throws `wrong_state` if there is none. The caller must have locked the roles.
 */
export async function passOnOwnership(tx: Tx, accountId: number, fromId: number): Promise<void> {
  const [other] = await tx
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.role, 'owner'), users.is_active, ne(users.id, fromId)))
    .orderBy(asc(users.id))
    .limit(1)
  if (!other) {
    throw new DomainError(
      'wrong_state',
      'This user is the last owner of the account, so their role and access cannot be removed. Make another user an owner first.',
    )
  }
  await tx
    .update(accounts)
    .set({ owner_id: other.id })
    .where(and(eq(accounts.id, accountId), eq(accounts.owner_id, fromId)))
}
