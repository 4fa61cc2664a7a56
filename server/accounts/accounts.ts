import { eq, getTableColumns, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Tx } from '../../db/database.ts'
import { ACCOUNT_STATUSES, accounts, plans } from '../../db/schema/accounts.ts'
import { DomainError, invalid, notFound } from '../errors.ts'
import { SYSTEM_ACCOUNT_SLUGS } from '../formats/slug.ts'
import { type Caller, mayAct } from '../http/caller.ts'
import { isUniqueViolation } from '../http/database-errors.ts'
import { contains, equalTo, listPage, listQuery } from '../http/lists.ts'
import { transferOwnership } from '../identity/ownership.ts'
import type { UpdateAccount } from './schemas.ts'

const selection = {
  ...getTableColumns(accounts),
  // Only admins and above see the payment reference.
  stripe_customer_id: sql<string | null>`case
    when current_setting('app.role', true) in ('admin', 'owner', 'developer')
    then ${accounts.stripe_customer_id} end`.as('stripe_customer_id'),
}

const ACCOUNT_ORDERINGS = { created_at: accounts.created_at, name: accounts.name }
export const AccountQuery = listQuery(ACCOUNT_ORDERINGS, {
  status: z.enum(ACCOUNT_STATUSES).optional(),
})

/** A list with the one account that the caller acts in. */
export function listAccounts(tx: Tx, url: string, query: z.infer<typeof AccountQuery>) {
  return listPage(tx, {
    url,
    query,
    orderings: ACCOUNT_ORDERINGS,
    defaultOrdering: 'created_at',
    from: accounts,
    rows: tx.select(selection).from(accounts).$dynamic(),
    where: [contains(accounts.name, query.search), ...equalTo(accounts, { status: query.status })],
  })
}

export async function getAccount(tx: Tx, id: number) {
  const [account] = await tx.select(selection).from(accounts).where(eq(accounts.id, id))
  if (!account) throw notFound()
  return account
}

type Account = typeof accounts.$inferSelect
type Change = z.infer<typeof UpdateAccount>

/** Admins can change the name, owners also the plan and the owner, platform staff everything. */
export async function updateAccount(
  tx: Tx,
  caller: Caller,
  before: Account,
  { owner_id, ...input }: Change,
): Promise<void> {
  requireMayChange(caller, { owner_id, ...input })
  await checkPlan(tx, input.plan_id)
  checkSlug(before, input.slug)
  if (input.status && before.status === 'cancelled') {
    throw new DomainError(
      'wrong_state',
      'This account is cancelled. Its owner can restore it until the grace period ends.',
    )
  }
  try {
    await tx
      .update(accounts)
      .set({ ...input, updated_at: sql`now()` })
      .where(eq(accounts.id, before.id))
  } catch (error) {
    throw isUniqueViolation(error) ? slugTaken() : error
  }
  if (owner_id !== undefined) await transferOwnership(tx, before.id, owner_id)
}

const OWNERS: (keyof Change)[] = ['plan_id', 'owner_id']
const STAFFS: (keyof Change)[] = ['slug', 'status', 'stripe_customer_id']

function requireMayChange(caller: Caller, input: Change): void {
  const named = (fields: (keyof Change)[]) => fields.filter((field) => input[field] !== undefined)
  if (caller.isStaff) return
  if (named(STAFFS).length > 0) throw refused(named(STAFFS), 'platform staff')
  if (!mayAct(caller, 'owner') && named(OWNERS).length > 0) {
    throw refused(named(OWNERS), 'the owner of the account')
  }
}

function refused(fields: string[], who: string): DomainError {
  return new DomainError('permission_denied', `Only ${who} can change ${fields.join(', ')}.`)
}

async function checkPlan(tx: Tx, id: number | undefined): Promise<void> {
  if (id === undefined) return
  const [plan] = await tx.select({ is_active: plans.is_active }).from(plans).where(eq(plans.id, id))
  if (!plan?.is_active) throw invalid('plan_id', 'must be an active plan; see auth/plans/')
}

/** A system account's slug makes its users platform staff, so it can be neither taken nor given up. */
function checkSlug(before: Account, slug: string | undefined): void {
  if (slug === undefined || slug === before.slug) return
  if (SYSTEM_ACCOUNT_SLUGS.includes(slug) || SYSTEM_ACCOUNT_SLUGS.includes(before.slug)) {
    throw invalid('slug', 'is reserved by the platform; choose another one')
  }
}

function slugTaken(): DomainError {
  return new DomainError('already_exists', 'Another account uses this slug. Choose another one.', {
    errors: [{ path: 'slug', message: 'is taken' }],
  })
}
