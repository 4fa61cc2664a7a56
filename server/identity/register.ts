import { eq, like, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { Tx } from '../../db/database.ts'
import { accounts, plans, users } from '../../db/schema/accounts.ts'
import { grantCredits } from '../billing/credits.ts'
import { creditsPerMonth } from '../billing/plan-credits.ts'
import type { Deps } from '../deps.ts'
import { DomainError } from '../errors.ts'
import { freeSlug, SYSTEM_ACCOUNT_SLUGS, slugOf } from '../formats/slug.ts'
import { audit } from '../observability/audit.ts'
import { counterKey, tryCounted } from './attempts.ts'
import type { Register } from './schemas.ts'
import { openSession, userAndAccount } from './sessions.ts'

const WINDOW_SECONDS = 3600
const REGISTRATIONS_PER_NETWORK = 200

/**
 * Creates an account with its owner and the credits of its plan, and signs the owner in. Throws
 * `too_many_attempts` after 200 attempts an hour from one network.
 */
export async function register(
  deps: Deps,
  input: z.infer<typeof Register>,
  network: string,
  requestId: string,
) {
  if (deps.settings.registration === 'closed') {
    throw new DomainError(
      'registration_closed',
      'Registration is closed on this server. Ask its operator for an account.',
    )
  }
  const tries = {
    key: await counterKey('registrations', network),
    limit: REGISTRATIONS_PER_NETWORK,
    seconds: WINDOW_SECONDS,
    what: 'registrations from your network',
  }
  const password_hash = await tryCounted(deps.database, tries, () =>
    deps.passwords.hash(input.password),
  )
  return deps.database.withPlatform('register', async (tx) => {
    const [plan] = await tx.select().from(plans).where(eq(plans.slug, deps.settings.defaultPlan))
    if (!plan) throw new Error(`no plan ${deps.settings.defaultPlan}`)
    const account = await openAccount(tx, input.account_name, plan)
    const user = await addOwner(tx, account.id, input.email, password_hash)
    const accountId = account.id
    await grantCredits(tx, {
      accountId,
      amount: creditsPerMonth(plan),
      description: `Included in ${plan.name}`,
    })
    const by = { actor: 'user', accountId, userId: user.id, requestId } as const
    await audit(tx, by, 'account.registered')
    const tokens = await openSession(tx, deps, { userId: user.id, accountId, role: user.role })
    return { ...(await userAndAccount(tx, user.id)), ...tokens }
  })
}

async function openAccount(tx: Tx, name: string, plan: typeof plans.$inferSelect) {
  const wanted = slugOf(name, 'account')
  // Only one registration at a time picks a free slug.
  await tx.execute(sql`select pg_advisory_xact_lock(hashtext('accounts.slug'))`)
  const rows = await tx
    .select({ slug: accounts.slug })
    .from(accounts)
    .where(like(accounts.slug, `${wanted}%`))
  const taken = new Set([...rows.map(({ slug }) => slug), ...SYSTEM_ACCOUNT_SLUGS])
  const [account] = await tx
    .insert(accounts)
    .values({
      name,
      slug: freeSlug(wanted, taken),
      plan_id: plan.id,
      renews_at: sql`now() + ${plan.billing_cycle === 'annual' ? '1 year' : '1 month'}::interval`,
    })
    .returning({ id: accounts.id })
  return account!
}

async function addOwner(tx: Tx, account_id: number, email: string, password_hash: string) {
  const [user] = await tx
    .insert(users)
    .values({ account_id, email, password_hash, role: 'owner' })
    .onConflictDoNothing()
    .returning({ id: users.id, role: users.role })
  if (!user) throw emailTaken()
  await tx.update(accounts).set({ owner_id: user.id }).where(eq(accounts.id, account_id))
  return user
}

export function emailTaken(): DomainError {
  return new DomainError(
    'already_exists',
    'A user with this email address already exists. Sign in instead.',
    {
      errors: [{ path: 'email', message: 'is taken' }],
    },
  )
}
