import { and, asc, eq, ne, sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { accounts, users } from '../../db/schema/accounts.ts'
import { DomainError, invalid } from '../errors.ts'

/** Who changes roles in an account takes turns, so that it always keeps an owner. */
export async function lockRoles(tx: Tx, accountId: number): Promise<void> {
  await tx
    .select({ id: accounts.id })
    .from(accounts)
    .where(eq(accounts.id, accountId))
    .for('no key update')
}

/** Makes another user the account's owner; the one before stays as an admin. */
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
  if (!next) throw invalid('owner_id', 'is not an active user of this account')
  if (account?.owner_id) {
    await tx
      .update(users)
      .set({ role: 'admin', updated_at: sql`now()` })
      .where(and(eq(users.id, account.owner_id), eq(users.role, 'owner')))
  }
  await tx.update(accounts).set({ owner_id: toId }).where(eq(accounts.id, accountId))
}

/**
 * Before an owner goes: where the account names them as its owner, names the one of the others who
 * has been there longest. Throws `wrong_state` when there is no other. Roles must be locked.
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
      'This is the last owner of the account, who keeps role and access. Make another user owner first.',
    )
  }
  await tx
    .update(accounts)
    .set({ owner_id: other.id })
    .where(and(eq(accounts.id, accountId), eq(accounts.owner_id, fromId)))
}
