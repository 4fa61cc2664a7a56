import { eq, getTableColumns, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Tx } from '../../db/database.ts'
import { ROLES, type Role, users } from '../../db/schema/accounts.ts'
import type { Deps } from '../deps.ts'
import { DomainError, notFound } from '../errors.ts'
import { type Caller, ranksAtLeast } from '../http/caller.ts'
import { contains, equalTo, listPage, listQuery } from '../http/lists.ts'
import { queryBoolean } from '../http/schemas.ts'
import { audit } from '../observability/audit.ts'
import { lockRoles, passOnOwnership } from './ownership.ts'
import { emailTaken } from './register.ts'
import { revokeHandedOut } from './revoke-created-credentials.ts'
import type { NewUser, UpdateMe, UpdateUser } from './schemas.ts'
import { closeAllSessions } from './sessions.ts'

const { password_hash: _hash, token_version: _version, ...selection } = getTableColumns(users)

const USER_ORDERINGS = { created_at: users.created_at, email: users.email }
export const UserQuery = listQuery(USER_ORDERINGS, {
  role: z.enum(ROLES).optional(),
  is_active: queryBoolean.optional(),
})

export function listUsers(tx: Tx, url: string, query: z.infer<typeof UserQuery>) {
  const { role, is_active } = query
  return listPage(tx, {
    url,
    query,
    orderings: USER_ORDERINGS,
    defaultOrdering: '-created_at',
    from: users,
    rows: tx.select(selection).from(users).$dynamic(),
    where: [contains(users.email, query.search), ...equalTo(users, { role, is_active })],
  })
}

export async function getUser(tx: Tx, id: number) {
  const [user] = await tx.select(selection).from(users).where(eq(users.id, id))
  if (!user) throw notFound()
  return user
}

/** Returns the new user's id. The password must already be hashed. */
export async function createUser(
  tx: Tx,
  caller: Caller,
  input: z.infer<typeof NewUser>,
): Promise<number> {
  requireRank(caller, input.role)
  const { password: password_hash, ...fields } = input
  const [user] = await tx
    .insert(users)
    .values({ ...fields, password_hash, account_id: caller.accountId })
    .onConflictDoNothing()
    .returning({ id: users.id })
  if (!user) throw emailTaken()
  return user.id
}

/**
 * Updates a user's name, role or access. A change of role or access ends their sign-ins; below admin it also
 * revokes the API keys and invitations that the user created.
 */
export async function updateUser(
  tx: Tx,
  caller: Caller,
  id: number,
  input: z.infer<typeof UpdateUser>,
): Promise<void> {
  const before = await lockUser(tx, caller, id)
  const role = input.role ?? before.role
  if (role !== before.role) requireRank(caller, role)
  const isOut = input.is_active === false
  if (before.role === 'owner' && (isOut || role !== 'owner')) {
    await passOnOwnership(tx, caller.accountId, id)
  }
  await tx
    .update(users)
    .set({ ...input, updated_at: sql`now()` })
    .where(eq(users.id, id))
  if (isOut || role !== before.role) await closeAllSessions(tx, caller.accountId, id)
  if (isOut || role === 'editor' || role === 'viewer') await revokeHandedOut(tx, id)
}

/** Deletes a user. The audit log keeps what they did; their email address can be used again. */
export async function deleteUser(tx: Tx, caller: Caller, id: number): Promise<void> {
  const { role } = await lockUser(tx, caller, id)
  if (role === 'owner') await passOnOwnership(tx, caller.accountId, id)
  await revokeHandedOut(tx, id)
  await tx.delete(users).where(eq(users.id, id))
}

export function updateMe(
  deps: Deps,
  caller: Caller & { userId: number },
  input: z.infer<typeof UpdateMe>,
) {
  const { scope, userId } = caller
  return deps.database.withAccount(scope, async (tx) => {
    await tx
      .update(users)
      .set({ ...input, updated_at: sql`now()` })
      .where(eq(users.id, userId))
    const object = { type: 'user', id: userId } as const
    await audit(tx, caller, 'user.updated', { object })
    return getUser(tx, userId)
  })
}

/** Locks the roles and reads the user. Throws for a user whose role is above the caller's. */
async function lockUser(tx: Tx, caller: Caller, id: number) {
  await lockRoles(tx, caller.accountId)
  const user = await getUser(tx, id)
  requireRank(caller, user.role)
  return user
}

/** Throws if `role` is above the caller's: nobody gives such a role or changes a user who has it. */
export function requireRank(caller: Caller, role: Role): void {
  if (ranksAtLeast(caller, role)) return
  throw new DomainError(
    'permission_denied',
    `Your role ${caller.role} does not allow this for the role ${role}. Ask a user with that role.`,
  )
}
