import { and, eq, sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { accounts } from '../../db/schema/accounts.ts'
import { credit_transactions } from '../../db/schema/billing.ts'
import { DomainError, invalid } from '../errors.ts'

/**
 * The highest balance after a grant, which keeps every sum of credits exact in JSON. Released holds can
 * raise the balance above it.
 */
export const MAX_BALANCE = 1_000_000_000_000

type Entry = typeof credit_transactions.$inferInsert

/** Holds the price of each step until it is settled. Throws `insufficient_credits` before anything is written. */
export async function holdCredits(
  tx: Tx,
  hold: {
    accountId: number
    runId: number
    description: string
    steps: { id: number; price: number }[]
  },
): Promise<void> {
  const priced = hold.steps.filter((step) => step.price > 0)
  const total = priced.reduce((sum, step) => sum + step.price, 0)
  if (total === 0) return
  const [account] = await tx
    .update(accounts)
    .set({ credits: sql`${accounts.credits} - ${total}` })
    .where(and(eq(accounts.id, hold.accountId), sql`${accounts.credits} >= ${total}`))
    .returning({ credits: accounts.credits })
  if (!account) throw await insufficient(tx, hold.accountId, total)
  let balance = account.credits + total
  const entries = priced.map((step): Entry => {
    balance -= step.price
    return {
      account_id: hold.accountId,
      transaction_type: 'hold',
      amount: step.price,
      balance_after: balance,
      description: hold.description,
      run_id: hold.runId,
      step_id: step.id,
    }
  })
  await tx.insert(credit_transactions).values(entries)
}

async function insufficient(tx: Tx, accountId: number, needed: number): Promise<DomainError> {
  const balance = await balanceOf(tx, accountId)
  return new DomainError(
    'insufficient_credits',
    `This costs ${needed} credits, but the account has ${balance}. Start less work at once, or add credits.`,
  )
}

/**
 * Settles a step's hold: charges `charge` credits and releases the rest. A step is settled once: the ledger
 * refuses a second entry of the same kind.
 */
export async function settleCredits(
  tx: Tx,
  settle: {
    accountId: number
    runId: number
    stepId: number
    held: number
    charge: number
    description: string
  },
): Promise<void> {
  if (settle.held === 0) return
  if (settle.charge < 0 || settle.charge > settle.held)
    throw new RangeError('charge exceeds the hold')
  const released = settle.held - settle.charge
  const [account] = await tx
    .update(accounts)
    .set({ credits: sql`${accounts.credits} + ${released}` })
    .where(eq(accounts.id, settle.accountId))
    .returning({ credits: accounts.credits })
  const entry = (transaction_type: 'charge' | 'release', amount: number): Entry => ({
    account_id: settle.accountId,
    transaction_type,
    amount,
    balance_after: account?.credits ?? 0,
    description: settle.description,
    run_id: settle.runId,
    step_id: settle.stepId,
  })
  const entries = [entry('charge', settle.charge), entry('release', released)]
  await tx.insert(credit_transactions).values(entries.filter(({ amount }) => amount > 0))
}

/** Releases everything that the steps held, with one ledger entry per step. */
export async function releaseCredits(
  tx: Tx,
  accountId: number,
  steps: { id: number; run_id: number; price: number; kind: string }[],
): Promise<void> {
  const priced = steps.filter(({ price }) => price > 0)
  const total = priced.reduce((sum, { price }) => sum + price, 0)
  if (total === 0) return
  const [account] = await tx
    .update(accounts)
    .set({ credits: sql`${accounts.credits} + ${total}` })
    .where(eq(accounts.id, accountId))
    .returning({ credits: accounts.credits })
  let balance = (account?.credits ?? total) - total
  const entries = priced.map(({ id, run_id, price, kind }): Entry => {
    balance += price
    return {
      account_id: accountId,
      transaction_type: 'release',
      amount: price,
      balance_after: balance,
      // No text of the account, because the ledger is kept after the account is erased.
      description: kind,
      run_id,
      step_id: id,
    }
  })
  await tx.insert(credit_transactions).values(entries)
}

/**
 * Grants credits to an account, with a ledger entry. Returns false and does nothing if `reference` was
 * already granted. Throws a 400 for `amount` if the balance would exceed `MAX_BALANCE`.
 */
export async function grantCredits(
  tx: Tx,
  grant: { accountId: number; amount: number; description: string; reference?: string },
): Promise<boolean> {
  const { accountId, amount, description, reference } = grant
  const mine = eq(accounts.id, accountId)
  // Serialises concurrent grants, so that a repeated reference is seen.
  const [before] = await tx
    .select({ credits: accounts.credits })
    .from(accounts)
    .where(mine)
    .for('no key update')
  if (reference !== undefined && (await wasGranted(tx, accountId, reference))) return false
  if ((before?.credits ?? 0) + amount > MAX_BALANCE) {
    const most = `the balance of an account must not exceed ${MAX_BALANCE} credits`
    throw invalid('amount', `is too large: ${most}, and this one has ${before?.credits}`)
  }
  const [account] = await tx
    .update(accounts)
    .set({ credits: sql`${accounts.credits} + ${amount}` })
    .where(mine)
    .returning({ credits: accounts.credits })
  if (!account) throw new Error(`no account ${accountId}`)
  await tx.insert(credit_transactions).values({
    account_id: accountId,
    transaction_type: 'grant',
    amount,
    balance_after: account.credits,
    description,
    reference,
  })
  return true
}

async function wasGranted(tx: Tx, accountId: number, reference: string): Promise<boolean> {
  const { account_id, reference: name } = credit_transactions
  const found = await tx
    .select({ id: credit_transactions.id })
    .from(credit_transactions)
    .where(and(eq(account_id, accountId), eq(name, reference)))
  return found.length > 0
}

export async function balanceOf(tx: Tx, accountId: number): Promise<number> {
  const [row] = await tx
    .select({ credits: accounts.credits })
    .from(accounts)
    .where(eq(accounts.id, accountId))
  return row?.credits ?? 0
}
