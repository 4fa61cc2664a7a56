import { eq, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { Tx } from '../../db/database.ts'
import { users } from '../../db/schema/accounts.ts'
import type { Deps } from '../deps.ts'
import { invalid } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import { audit } from '../observability/audit.ts'
import {
  counterKey,
  forgetAttempts,
  tryCounted,
  WRONG_PASSWORDS,
  WRONG_PASSWORDS_SECONDS,
} from './attempts.ts'
import type { ChangePassword } from './schemas.ts'
import { closeAllSessions, openSession, type TokenPair } from './sessions.ts'

/**
 * Sets a new password and ends all other sign-ins of the user. Wrong old passwords are counted per user, so
 * that a stolen token does not allow guessing the password. Throws `too_many_attempts`.
 */
export async function changePassword(
  deps: Deps,
  caller: Caller & { userId: number },
  input: z.infer<typeof ChangePassword>,
): Promise<TokenPair> {
  const { scope, accountId, userId, role } = caller
  const own = eq(users.id, userId)
  const key = await counterKey('old password', userId)
  const tries = {
    key,
    limit: WRONG_PASSWORDS,
    seconds: WRONG_PASSWORDS_SECONDS,
    what: 'wrong passwords',
  }
  const password_hash = await tryCounted(deps.database, tries, async () => {
    const [user] = await deps.database.withAccount(
      scope,
      (tx) => tx.select().from(users).where(own),
      {
        readOnly: true,
      },
    )
    const fits = await deps.passwords.verify(user!.password_hash, input.old_password)
    return fits && (await deps.passwords.hash(input.new_password))
  })
  if (!password_hash) throw invalid('old_password', 'is wrong')
  await deps.database.withPlatform('authenticate', (tx) => forgetAttempts(tx, key))
  const change = async (tx: Tx) => {
    await tx.update(users).set({ password_hash, updated_at: sql`now()` }).where(own)
    await closeAllSessions(tx, accountId, userId)
    await audit(tx, caller, 'user.password_changed')
    return openSession(tx, deps, { userId, accountId, role })
  }
  return deps.database.withAccount(scope, change, { whileClosed: true })
}
