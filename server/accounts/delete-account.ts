import { eq, isNull, sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { accounts } from '../../db/schema/accounts.ts'
import { api_keys, invitations } from '../../db/schema/identity.ts'
import { runs } from '../../db/schema/runs.ts'
import type { Deps } from '../deps.ts'
import { DomainError, invalid } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import { audit } from '../observability/audit.ts'
import { ACCOUNT_CLOSED, cancelSteps } from '../runs/cancel-steps.ts'
import { getAccount } from './accounts.ts'

const GRACE_DAYS = 30

/**
 * Closes an account, which is erased after the grace period. Steps that have not started are cancelled and
 * their credits released; running steps finish. API keys and invitations are revoked. Users can still sign
 * in and read, and the owner can restore the account.
 */
export function deleteAccount(deps: Deps, caller: Caller, confirm: string | undefined) {
  return deps.database.withAccount(
    caller.scope,
    async (tx) => {
      const account = await lockAccount(tx, caller.accountId)
      if (confirm !== account.slug) {
        throw invalid('confirm', `must be the slug of the account, ${account.slug}`)
      }
      if (account.status !== 'cancelled') await close(tx, caller)
      return getAccount(tx, caller.accountId)
    },
    { whileClosed: true },
  )
}

/** Restores a cancelled account within the grace period. */
export function restoreAccount(deps: Deps, caller: Caller) {
  return deps.database.withAccount(
    caller.scope,
    async (tx) => {
      const account = await lockAccount(tx, caller.accountId)
      if (account.status !== 'cancelled') {
        throw new DomainError(
          'wrong_state',
          `The account is ${account.status}, so there is nothing to restore.`,
        )
      }
      if (!account.delete_after || account.delete_after <= new Date()) {
        throw new DomainError(
          'wrong_state',
          'This account can no longer be restored: the 30-day grace period is over, or the platform cancelled it.',
        )
      }
      await tx
        .update(accounts)
        .set({
          status: account.closed_from ?? 'active',
          closed_from: null,
          delete_after: null,
          updated_at: sql`now()`,
        })
        .where(eq(accounts.id, account.id))
      await auditAccount(tx, caller, 'account.restored')
      return getAccount(tx, account.id)
    },
    { whileClosed: true },
  )
}

async function lockAccount(tx: Tx, id: number) {
  const [account] = await tx.select().from(accounts).where(eq(accounts.id, id)).for('no key update')
  return account!
}

async function close(tx: Tx, caller: Caller): Promise<void> {
  const { accountId } = caller
  await tx
    .update(accounts)
    .set({
      status: 'cancelled',
      closed_from: accounts.status,
      delete_after: sql`now() + ${GRACE_DAYS} * interval '1 day'`,
      updated_at: sql`now()`,
    })
    .where(eq(accounts.id, accountId))
  const ended = { revoked_at: sql`now()`, updated_at: sql`now()` }
  await tx.update(api_keys).set(ended).where(isNull(api_keys.revoked_at))
  await tx.update(invitations).set(ended).where(sql`accepted_at is null and revoked_at is null`)
  await cancelWaiting(tx)
  await auditAccount(tx, caller, 'account.cancelled')
}

/**
 * Skips runs that a worker has locked, which may wait for the account's row. The next scheduled round of
 * the workers cancels their steps.
 */
async function cancelWaiting(tx: Tx): Promise<void> {
  const open = await tx
    .select({ id: runs.id })
    .from(runs)
    .where(sql`${runs.state} in ('PENDING', 'PROGRESS')`)
    .for('update', { skipLocked: true })
  for (const { id } of open) await cancelSteps(tx, id, ACCOUNT_CLOSED)
}

async function auditAccount(
  tx: Tx,
  caller: Caller,
  action: 'account.cancelled' | 'account.restored',
): Promise<void> {
  await audit(tx, caller, action, { object: { type: 'account', id: caller.accountId } })
}
