import { eq, sql } from 'drizzle-orm'
import type { z } from 'zod'
import { users } from '../../db/schema/auth.ts'
import type { Tx } from '../../db/tenancy.ts'
import { audit } from '../audit.ts'
import type { Deps } from '../deps.ts'
import { invalid } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import type { ChangePassword } from './schemas.ts'
import { closeAllSessions, openSession, type TokenPair } from './sessions.ts'

/** Sets a new password; every other sign-in of the user ends. */
export async function changePassword(
  deps: Deps,
  caller: Caller & { userId: number },
  input: z.infer<typeof ChangePassword>,
): Promise<TokenPair> {
  const user = await deps.doors.withPlatform('authenticate', async (tx) => {
    const [found] = await tx.select().from(users).where(eq(users.id, caller.userId))
    return found!
  })
  if (!(await deps.passwords.verify(user.password_hash, input.old_password))) {
    throw invalid('old_password', 'is not your password')
  }
  const password_hash = await deps.passwords.hash(input.new_password)
  const own = { accountId: user.account_id, user: { id: user.id, role: caller.role } }
  const change = async (tx: Tx) => {
    await tx
      .update(users)
      .set({ password_hash, updated_at: sql`now()` })
      .where(eq(users.id, user.id))
    await closeAllSessions(tx, user.account_id, user.id)
    await audit(tx, {
      accountId: user.account_id,
      userId: user.id,
      requestId: caller.requestId,
      action: 'user.password_changed',
    })
    return openSession(tx, deps, { userId: user.id, accountId: user.account_id, role: user.role })
  }
  return deps.doors.withAccount(own, change, { whileClosed: true })
}
