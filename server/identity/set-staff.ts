import { and, eq, sql } from 'drizzle-orm'
import type { Database, Tx } from '../../db/database.ts'
import { accounts, users } from '../../db/schema/accounts.ts'
import { DomainError } from '../errors.ts'
import { audit, systemActor } from '../observability/audit.ts'
import { lockRoles } from './ownership.ts'
import { closeAllSessions } from './sessions.ts'

/**
 * Makes a user platform staff with the role developer, or an ordinary user again: owner if the account
 * names them so, otherwise admin. Ends their sign-ins. Throws `not_found` if no active user has the address.
 */
export function setStaff(database: Database, email: string, isStaff: boolean): Promise<void> {
  return database.withPlatform('appoint_staff', async (tx) => {
    const { id, account_id } = await findUser(tx, email)
    await lockRoles(tx, account_id)
    const owned = eq(accounts.owner_id, id)
    const role = isStaff ? 'developer' : (await tx.$count(accounts, owned)) > 0 ? 'owner' : 'admin'
    const changed = await tx
      .update(users)
      .set({ role, updated_at: sql`now()` })
      .where(and(eq(users.id, id), sql`(${users.role} = 'developer') <> ${isStaff}`))
      .returning({ id: users.id })
    if (changed.length === 0) return
    await closeAllSessions(tx, account_id, id)
    const action = isStaff ? 'staff.appointed' : 'staff.dismissed'
    await audit(tx, systemActor(account_id), action, { object: { type: 'user', id } })
  })
}

async function findUser(tx: Tx, email: string) {
  const [user] = await tx
    .select({ id: users.id, account_id: users.account_id })
    .from(users)
    .where(and(eq(sql`lower(${users.email})`, email.toLowerCase()), users.is_active))
  if (user) return user
  throw new DomainError(
    'not_found',
    `No active user has the email address ${email}. Register it first.`,
  )
}
