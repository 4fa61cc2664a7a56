import { and, eq, sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { accounts, plans } from '../../db/schema/accounts.ts'
import { grantCredits, MAX_BALANCE } from '../../server/billing/credits.ts'
import { creditsPerMonth } from '../../server/billing/plan-credits.ts'
import type { WorkerDeps } from '../steps/step.ts'
import { eachDueAccount } from './each-due-account.ts'

type Deps = Pick<WorkerDeps, 'database' | 'logger'>

/**
 * Grants the plan's credits to the accounts whose billing cycle has ended, exactly once per cycle. Unspent
 * credits are kept; after a downtime of several cycles only one is granted. A closed account gets nothing
 * until it is restored. Each account is a separate transaction; a failure is logged and retried in the next
 * round. Returns the number of renewed accounts.
 */
export async function renewCredits(deps: Deps): Promise<number> {
  let renewed = 0
  const round = { reason: 'renew_credits', isDue, failed: 'credits not renewed' } as const
  await eachDueAccount(deps, round, async (id) => {
    if (await renewAccount(deps, id)) renewed++
  })
  return renewed
}

const isDue = sql`${accounts.renews_at} <= now() and ${accounts.status} in ('active', 'trial')`

/** Returns false if another worker has renewed the account or is doing so. */
function renewAccount({ database }: Deps, id: number): Promise<boolean> {
  return database.withPlatform('renew_credits', async (tx) => {
    const [account] = await tx
      .select({ credits: accounts.credits, renews_at: accounts.renews_at, plan: plans })
      .from(accounts)
      .innerJoin(plans, eq(plans.id, accounts.plan_id))
      .where(and(isDue, eq(accounts.id, id)))
      .for('update', { of: accounts, skipLocked: true })
    if (!account) return false
    const { credits, renews_at, plan } = account
    const amount = Math.min(creditsPerMonth(plan), MAX_BALANCE - credits)
    const reference = `renewal:${renews_at.toISOString()}`
    const description = `Included in ${plan.name}`
    if (amount > 0) await grantCredits(tx, { accountId: id, amount, description, reference })
    await setNext(tx, id, plan.billing_cycle)
    return true
  })
}

/** Counted from the day of registration, so 31 January is followed by 28 February and 31 March. */
async function setNext(tx: Tx, id: number, cycle: 'monthly' | 'annual'): Promise<void> {
  const length = cycle === 'annual' ? '1 year' : '1 month'
  await tx.execute(sql`update ${accounts} as a set renews_at = (
      select min(t) from generate_series(1, 2400) as k,
        lateral (select (a.created_at at time zone 'UTC' + k * ${length}::interval) at time zone 'UTC') as next (t)
      where t > now())
    where a.id = ${id}`)
}
