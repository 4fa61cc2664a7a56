import { and, eq, getTableColumns, isNull, sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { accounts, users } from '../../db/schema/accounts.ts'
import { refresh_tokens } from '../../db/schema/identity.ts'
import type { Deps } from '../deps.ts'
import { DomainError } from '../errors.ts'
import { SYSTEM_ACCOUNT_SLUGS } from '../formats/slug.ts'
import { randomToken, sha256 } from '../security/secrets.ts'
import type { AccessClaims } from './tokens.ts'

const REFRESH_DAYS = 30

export type TokenPair = { access: string; refresh: string }

type SignedIn = Omit<AccessClaims, 'isStaff' | 'version'>

/** Issues the first pair of tokens of a sign-in. */
export async function openSession(tx: Tx, deps: Deps, user: SignedIn): Promise<TokenPair> {
  return issue(tx, deps, user, crypto.randomUUID())
}

async function issue(tx: Tx, deps: Deps, user: SignedIn, family: string): Promise<TokenPair> {
  const refresh = randomToken('rt_')
  await tx.insert(refresh_tokens).values({
    account_id: user.accountId,
    user_id: user.userId,
    family,
    token_hash: await sha256(refresh),
    expires_at: new Date(Date.now() + REFRESH_DAYS * 86_400_000),
  })
  const [found] = await tx
    .select({ slug: accounts.slug, version: users.token_version })
    .from(users)
    .innerJoin(accounts, eq(accounts.id, users.account_id))
    .where(eq(users.id, user.userId))
  const { slug, version } = found!
  // Developers, and the users of the system account.
  const isStaff = user.role === 'developer' || SYSTEM_ACCOUNT_SLUGS.includes(slug)
  return { access: await deps.tokens.sign({ ...user, isStaff, version }), refresh }
}

/**
 * Exchanges a refresh token for a new pair. A token that was already used revokes every token of its
 * sign-in, because it may have been stolen.
 */
export async function refreshSession(deps: Deps, refresh: string): Promise<TokenPair> {
  const token_hash = await sha256(refresh)
  const pair = await deps.database.withPlatform('authenticate', async (tx) => {
    const user = await lockUserOf(tx, token_hash)
    const [token] = await tx
      .update(refresh_tokens)
      .set({ used_at: sql`now()` })
      .where(
        and(
          eq(refresh_tokens.token_hash, token_hash),
          isNull(refresh_tokens.used_at),
          isNull(refresh_tokens.revoked_at),
          sql`${refresh_tokens.expires_at} > now()`,
        ),
      )
      .returning()
    if (!token) return revokeReused(tx, token_hash)
    return user ? issue(tx, deps, user, token.family) : undefined
  })
  if (!pair) throw refreshInvalid()
  return pair
}

/**
 * Locks the active user of a refresh token. A concurrent end of all sign-ins therefore either revokes this
 * token first, or waits and also revokes the new pair.
 */
async function lockUserOf(tx: Tx, token_hash: string) {
  const [user] = await tx
    .select({ userId: users.id, accountId: users.account_id, role: users.role })
    .from(refresh_tokens)
    .innerJoin(users, eq(users.id, refresh_tokens.user_id))
    .where(and(eq(refresh_tokens.token_hash, token_hash), users.is_active))
    .for('share', { of: users })
  return user
}

async function revokeReused(tx: Tx, token_hash: string): Promise<undefined> {
  const [reused] = await tx
    .select()
    .from(refresh_tokens)
    .where(eq(refresh_tokens.token_hash, token_hash))
  if (reused) await revokeFamily(tx, reused.account_id, reused.family)
}

async function revokeFamily(tx: Tx, accountId: number, family: string): Promise<void> {
  await tx
    .update(refresh_tokens)
    .set({ revoked_at: sql`now()` })
    .where(and(eq(refresh_tokens.account_id, accountId), eq(refresh_tokens.family, family)))
}

/** Revokes the sign-in of `refresh`. Does nothing for an unknown token. */
export async function closeSession(deps: Deps, refresh: string): Promise<void> {
  const token_hash = await sha256(refresh)
  await deps.database.withPlatform('authenticate', (tx) => revokeReused(tx, token_hash))
}

/** Ends every sign-in of a user, including their access tokens. */
export async function closeAllSessions(tx: Tx, accountId: number, userId: number): Promise<void> {
  await tx
    .update(users)
    .set({ token_version: sql`${users.token_version} + 1` })
    .where(eq(users.id, userId))
  await tx
    .update(refresh_tokens)
    .set({ revoked_at: sql`now()` })
    .where(and(eq(refresh_tokens.account_id, accountId), eq(refresh_tokens.user_id, userId)))
}

function refreshInvalid(): DomainError {
  return new DomainError(
    'token_invalid',
    'The refresh token is not valid, has expired or was already used. Sign in again.',
  )
}

const { password_hash: _hash, token_version: _version, ...userColumns } = getTableColumns(users)
const { stripe_customer_id: _customer, ...accountColumns } = getTableColumns(accounts)

/** The user and account of a session response. */
export async function userAndAccount(tx: Tx, userId: number) {
  const [row] = await tx
    .select({ user: userColumns, account: accountColumns })
    .from(users)
    .innerJoin(accounts, eq(accounts.id, users.account_id))
    .where(eq(users.id, userId))
  return row!
}
