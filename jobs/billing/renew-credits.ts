import { eq, sql } from 'drizzle-orm'
import { accounts, plans } from '../../db/schema/auth.ts'
import type { Tx } from '../../db/tenancy.ts'
import { grantCredits } from '../../server/billing/credits.ts'
import { creditsPerMonth } from '../../server/billing/plan-credits.ts'
import type { WorkerDeps } from '../step.ts'

const BATCH = 100

/**
 * Grants the plan's credits to the accounts whose cycle has come round: once a cycle, whatever
 * restarts and however many workers look. What was not spent stays; after a standstill of several
 * cycles one is granted. A closed account is granted nothing before it is opened again.
 */
export async function renewCredits(deps: WorkerDeps): Promise<number> {
  return deps.doors.withPlatform('renew_credits', async (tx) => {
    const due = await tx
      .select({ id: accounts.id, renews_at: accounts.renews_at, plan: plans })
      .from(accounts)
      .innerJoin(plans, eq(plans.id, accounts.plan_id))
      .where(sql`${accounts.renews_at} <= now() and ${accounts.status} in ('active', 'trial')`)
      .orderBy(accounts.renews_at)
      .limit(BATCH)
      .for('update', { of: accounts, skipLocked: true })
    for (const { id, renews_at, plan } of due) {
      const amount = creditsPerMonth(plan)
      const reference = `renewal:${renews_at.toISOString()}`
      const description = `Included in ${plan.name}`
      if (amount > 0) await grantCredits(tx, { accountId: id, amount, description, reference })
      await setNext(tx, id, plan.billing_cycle)
    }
    return due.length
  })
}

/** By the calendar from the day the account was opened: from 31 January on to 28 February and 31 March. */
async function setNext(tx: Tx, id: number, cycle: 'monthly' | 'annual'): Promise<void> {
  const length = cycle === 'annual' ? '1 year' : '1 month'
  await tx.execute(sql`update ${accounts} as a set renews_at = (
      select min(t) from generate_series(1, 2400) as k,
        lateral (select (a.created_at at time zone 'UTC' + k * ${length}::interval) at time zone 'UTC') as next (t)
      where t > now())
    where a.id = ${id}`)
}
