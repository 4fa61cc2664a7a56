import { and, eq, sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { accounts } from '../../db/schema/accounts.ts'
import { credit_transactions } from '../../db/schema/billing.ts'
import { DomainError, invalid } from '../errors.ts'

/**
 * The most credits that a grant leaves an account with, which keeps every sum of them exact in JSON.
 * What is held comes on top of it when it is given back.
 */
export const MAX_BALANCE = 1_000_000_000_000

type Entry = typeof credit_transactions.$inferInsert

/** Holds each step's price until it is settled. Throws `insufficient_credits` before anything is written. */
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
    `This costs ${needed} credits and the account has ${balance}. Ask for less, or add credits.`,
  )
}

/**
 * Ends a step's hold: `charge` credits of it are spent, the rest is given back. A step is settled
 * once: the ledger refuses a second entry of the same kind.
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

/** Gives back all that steps held, each with an entry of its own in the ledger. */
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
      // No text of the account's: the ledger outlives it.
      description: kind,
      run_id,
      step_id: id,
    }
  })
  await tx.insert(credit_transactions).values(entries)
}

/**
 * Adds credits to an account, on record. Returns false, and does nothing, when `reference` was granted
 * before. Throws a 400 for `amount` when the balance would pass `MAX_BALANCE`.
 */
export async function grantCredits(
  tx: Tx,
  grant: { accountId: number; amount: number; description: string; reference?: string },
): Promise<boolean> {
  const { accountId, amount, description, reference } = grant
  const mine = eq(accounts.id, accountId)
  // Whoever grants at the same time waits here, and then sees what was granted.
  const [before] = await tx
    .select({ credits: accounts.credits })
    .from(accounts)
    .where(mine)
    .for('no key update')
  if (reference !== undefined && (await wasGranted(tx, accountId, reference))) return false
  if ((before?.credits ?? 0) + amount > MAX_BALANCE) {
    const most = `an account can have at most ${MAX_BALANCE} credits`
    throw invalid('amount', `is too much: ${most}, and this one has ${before?.credits}`)
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
