import { eq, getTableColumns, sql } from 'drizzle-orm'
import { z } from 'zod'
import { ROLES, users } from '../../db/schema/auth.ts'
import type { Tx } from '../../db/tenancy.ts'
import { audit } from '../audit.ts'
import type { Deps } from '../deps.ts'
import { DomainError, notFound } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import { contains, equalTo, listPage, listQuery } from '../http/lists.ts'
import { emailTaken } from './register.ts'
import type { NewUser, UpdateMe, UpdateUser } from './schemas.ts'
import { closeAllSessions } from './sessions.ts'

const { password_hash: _hash, ...selection } = getTableColumns(users)

export const USER_ORDERINGS = { created_at: users.created_at, email: users.email }
export const UserQuery = listQuery(USER_ORDERINGS, { role: z.enum(ROLES).optional() })

export function listUsers(tx: Tx, url: string, query: z.infer<typeof UserQuery>) {
  const { role } = query
  return listPage(tx, {
    url,
    query,
    orderings: USER_ORDERINGS,
    defaultOrdering: '-created_at',
    from: users,
    rows: tx.select(selection).from(users).$dynamic(),
    where: [contains(users.email, query.search), ...equalTo(users, { role })],
  })
}

export async function getUser(tx: Tx, id: number) {
  const [user] = await tx.select(selection).from(users).where(eq(users.id, id))
  if (!user) throw notFound()
  return user
}

export async function createUser(deps: Deps, caller: Caller, input: z.infer<typeof NewUser>) {
  const { password, ...fields } = input
  const password_hash = await deps.passwords.hash(password)
  return deps.doors.withAccount(caller.scope, async (tx) => {
    const [user] = await tx
      .insert(users)
      .values({ ...fields, password_hash, account_id: caller.accountId })
      .onConflictDoNothing()
      .returning({ id: users.id })
    if (!user) throw emailTaken()
    await auditUser(tx, caller, 'user.created', user.id)
    return getUser(tx, user.id)
  })
}

/** Changes a user's role or whether they may sign in; what they held before ends at once. */
export function updateUser(
  deps: Deps,
  caller: Caller,
  id: number,
  input: z.infer<typeof UpdateUser>,
) {
  return deps.doors.withAccount(caller.scope, async (tx) => {
    const user = await getUser(tx, id)
    const ends = input.is_active === false || (input.role !== undefined && input.role !== user.role)
    if (ends && (user.role === 'owner' || user.role === 'developer')) {
      throw new DomainError('wrong_state', 'The owner of an account keeps role and access.')
    }
    await tx
      .update(users)
      .set({ ...input, updated_at: sql`now()` })
      .where(eq(users.id, id))
    if (ends) await closeAllSessions(tx, caller.accountId, id)
    await auditUser(tx, caller, 'user.updated', id)
    return getUser(tx, id)
  })
}

export function updateMe(deps: Deps, caller: Caller, input: z.infer<typeof UpdateMe>) {
  return deps.doors.withPlatform('authenticate', async (tx) => {
    await tx
      .update(users)
      .set({ ...input, updated_at: sql`now()` })
      .where(eq(users.id, caller.userId))
    return getUser(tx, caller.userId)
  })
}

async function auditUser(tx: Tx, caller: Caller, action: string, id: number): Promise<void> {
  const { accountId, userId, requestId } = caller
  await audit(tx, { accountId, userId, requestId, action, object: { type: 'user', id } })
}
