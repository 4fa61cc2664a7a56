import type { Scope } from '../../db/database.ts'
import type { Role } from '../../db/schema/accounts.ts'
import type { Actor } from '../observability/audit.ts'

/**
 * Who is calling, according to the token or API key. `withAccount` checks that it is still valid.
 * `accountId` is the account that the request acts in: the user's own, or the one that platform staff named.
 */
export type Caller = Actor & {
  role: Role
  /** Platform staff: a developer, or a user of the system account. */
  isStaff: boolean
  /** The scope to pass to `db/database.ts`. */
  scope: Scope
  requestId: string
}

const RANK: Record<Role, number> = {
  viewer: 1,
  system_bot: 2,
  editor: 2,
  admin: 3,
  owner: 4,
  developer: 5,
}
export type MinimumRole = 'viewer' | 'editor' | 'admin' | 'owner' | 'staff'

/** Whether a role is `role` or above it. */
export function ranksAtLeast(one: { role: Role }, role: Role): boolean {
  return RANK[one.role] >= RANK[role]
}

/** Whether the caller has at least `minimum`. `staff` is not a role of an account. */
export function mayAct({ role, isStaff }: Caller, minimum: MinimumRole): boolean {
  return minimum === 'staff' ? isStaff : RANK[role] >= RANK[minimum]
}
