import { eq, inArray, sql } from 'drizzle-orm'
import type { z } from 'zod'
import { login_attempts, users } from '../../db/schema/auth.ts'
import type { Tx } from '../../db/tenancy.ts'
import type { Deps } from '../deps.ts'
import { DomainError } from '../errors.ts'
import { sha256 } from '../secrets.ts'
import type { Login } from './schemas.ts'
import { openSession, userAndAccount } from './sessions.ts'

const WINDOW_SECONDS = 15 * 60
const FAILURES_AN_EMAIL = 10
const FAILURES_AN_ADDRESS = 100

/** Signs a user in. An unknown e-mail takes as long as a wrong password and looks the same. */
export async function signIn(deps: Deps, input: z.infer<typeof Login>, address: string) {
  const attempt = await countAttempt(deps, input.email, address)
  const user = await deps.doors.withPlatform('authenticate', async (tx) => {
    const [found] = await tx
      .select()
      .from(users)
      .where(eq(sql`lower(${users.email})`, input.email))
    return found
  })
  const fits = await deps.passwords.verify(
    user?.password_hash ?? (await decoy(deps)),
    input.password,
  )
  if (!user || !fits || !user.is_active) {
    throw new DomainError('credentials_wrong', 'The e-mail address or the password is wrong.')
  }
  return deps.doors.withPlatform('authenticate', async (tx) => {
    await attempt.succeeded(tx)
    await tx.update(users).set({ last_login_at: sql`now()` }).where(eq(users.id, user.id))
    const claims = { userId: user.id, accountId: user.account_id, role: user.role }
    const tokens = await openSession(tx, deps, claims)
    return { ...(await userAndAccount(tx, user.id)), ...tokens }
  })
}

/**
 * Counts a try of a user's password, before it is tried, so that many at once are counted too. Throws
 * `too_many_attempts`. `succeeded` takes it back.
 */
export async function countAttempt(deps: Deps, email: string, address: string) {
  const keys = {
    email: await sha256(`email ${email}`),
    address: await sha256(`address ${address}`),
  }
  const rows = await deps.doors.withPlatform('throttle_sign_in', async (tx) => {
    const window_ends_at = sql<Date>`now() + ${WINDOW_SECONDS} * interval '1 second'`
    await tx
      .insert(login_attempts)
      .values(
        [keys.address, keys.email]
          .sort()
          .map((key_hash) => ({ key_hash, failures: 1, window_ends_at })),
      )
      .onConflictDoUpdate({
        target: login_attempts.key_hash,
        set: {
          failures: sql`case when ${login_attempts.window_ends_at} < now() then 1 else ${login_attempts.failures} + 1 end`,
          window_ends_at: sql`case when ${login_attempts.window_ends_at} < now() then excluded.window_ends_at else ${login_attempts.window_ends_at} end`,
        },
      })
    return tx
      .select()
      .from(login_attempts)
      .where(inArray(login_attempts.key_hash, [keys.address, keys.email]))
  })
  for (const { key_hash, failures, window_ends_at } of rows) {
    const limit = key_hash === keys.email ? FAILURES_AN_EMAIL : FAILURES_AN_ADDRESS
    if (failures <= limit) continue
    const seconds = Math.max(1, Math.ceil((window_ends_at.getTime() - Date.now()) / 1000))
    throw new DomainError(
      'too_many_attempts',
      `Too many failed sign-ins. Try again in ${Math.ceil(seconds / 60)} minutes.`,
      { headers: { 'retry-after': String(seconds) } },
    )
  }
  return { succeeded: (tx: Tx) => forgetAttempt(tx, keys) }
}

async function forgetAttempt(tx: Tx, keys: { email: string; address: string }): Promise<void> {
  await tx.delete(login_attempts).where(eq(login_attempts.key_hash, keys.email))
  await tx
    .update(login_attempts)
    .set({ failures: sql`greatest(0, ${login_attempts.failures} - 1)` })
    .where(eq(login_attempts.key_hash, keys.address))
}

let decoyHash: Promise<string> | undefined
function decoy(deps: Deps): Promise<string> {
  decoyHash ??= deps.passwords.hash('nobody has this password')
  return decoyHash
}
