import { eq, sql } from 'drizzle-orm'
import type { z } from 'zod'
import { users } from '../../db/schema/accounts.ts'
import type { Tx } from '../../db/tenancy.ts'
import { audit } from '../audit.ts'
import type { Deps } from '../deps.ts'
import { invalid } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import { countAttempt, counterKey, forgetAttempts, tooManyAttempts } from './attempts.ts'
import type { ChangePassword } from './schemas.ts'
import { closeAllSessions, openSession, type TokenPair } from './sessions.ts'

const WINDOW_SECONDS = 15 * 60
const FAILURES = 10

/**
 * Sets a new password; every other sign-in of the user ends. Wrong old ones are counted by user, so that
 * who found a token cannot guess the password. Throws `too_many_attempts`.
 */
export async function changePassword(
  deps: Deps,
  caller: Caller & { userId: number },
  input: z.infer<typeof ChangePassword>,
): Promise<TokenPair> {
  const { scope, accountId, userId, role, requestId } = caller
  const own = eq(users.id, userId)
  const counter = await counterKey('old password', userId)
  // Counted before a request transaction begins: no connection is held while this takes another.
  const attempts = await deps.doors.withPlatform('throttle_sign_in', (tx) =>
    countAttempt(tx, counter, WINDOW_SECONDS),
  )
  if (attempts.count > FAILURES) throw tooManyAttempts('wrong passwords', attempts)
  const [user] = await deps.doors.withAccount(scope, (tx) => tx.select().from(users).where(own), {
    readOnly: true,
  })
  if (!(await deps.passwords.verify(user!.password_hash, input.old_password))) {
    throw invalid('old_password', 'is not your password')
  }
  await deps.doors.withPlatform('authenticate', (tx) => forgetAttempts(tx, counter))
  const password_hash = await deps.passwords.hash(input.new_password)
  const change = async (tx: Tx) => {
    await tx.update(users).set({ password_hash, updated_at: sql`now()` }).where(own)
    await closeAllSessions(tx, accountId, userId)
    await audit(tx, { accountId, userId, requestId, action: 'user.password_changed' })
    return openSession(tx, deps, { userId, accountId, role })
  }
  return deps.doors.withAccount(scope, change, { whileClosed: true })
}
