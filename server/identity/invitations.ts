import { and, eq, getTableColumns, isNull, type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Tx } from '../../db/database.ts'
import { ROLES, users } from '../../db/schema/accounts.ts'
import { invitations } from '../../db/schema/identity.ts'
import { DomainError, notFound } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import { contains, equalTo, listPage, listQuery } from '../http/lists.ts'
import { randomToken, sha256 } from '../security/secrets.ts'
import { requireSites } from '../sites/grants.ts'
import { lockRoles } from './ownership.ts'
import { emailTaken } from './register.ts'
import type { NewInvitation } from './schemas.ts'
import { requireRank } from './users.ts'

const DEFAULT_DAYS = 7
const INVITATION_STATES = ['open', 'accepted', 'revoked', 'expired'] as const

/** The state of an invitation, as SQL. */
const state = sql<(typeof INVITATION_STATES)[number]>`case
  when ${invitations.accepted_at} is not null then 'accepted'
  when ${invitations.revoked_at} is not null then 'revoked'
  when ${invitations.expires_at} <= now() then 'expired' else 'open' end`
const { token_hash: _hash, ...columns } = getTableColumns(invitations)
const selection = { ...columns, state: state.as('state') }

const INVITATION_ORDERINGS = {
  created_at: invitations.created_at,
  email: invitations.email,
}
export const InvitationQuery = listQuery(INVITATION_ORDERINGS, {
  role: z.enum(ROLES).optional(),
  state: z.enum(INVITATION_STATES).optional(),
})

export function listInvitations(tx: Tx, url: string, query: z.infer<typeof InvitationQuery>) {
  return listPage(tx, {
    url,
    query,
    orderings: INVITATION_ORDERINGS,
    defaultOrdering: '-created_at',
    from: invitations,
    rows: tx.select(selection).from(invitations).$dynamic(),
    where: [
      contains(invitations.email, query.search),
      ...equalTo(invitations, { role: query.role }),
      query.state && eq(state, query.state),
    ],
  })
}

export async function getInvitation(tx: Tx, id: number) {
  const [invitation] = await tx.select(selection).from(invitations).where(eq(invitations.id, id))
  if (!invitation) throw notFound()
  return invitation
}

/**
 * Invites an email address and revokes an older open invitation of it. Only the hash of `token` is
 * stored, so it can be shown only once.
 */
export async function invite(tx: Tx, caller: Caller, input: z.infer<typeof NewInvitation>) {
  const { email, role, site_ids = [], expires_in_days = DEFAULT_DAYS } = input
  requireRank(caller, role)
  await requireSites(tx, site_ids)
  // Serialises two invitations of one address: the later one wins.
  await lockRoles(tx, caller.accountId)
  const [known] = await tx
    .select({ id: users.id })
    .from(users)
    .where(eq(sql`lower(${users.email})`, email))
  if (known) throw emailTaken()
  await revoke(tx, eq(invitations.email, email))
  const token = randomToken('inv_')
  const [made] = await tx
    .insert(invitations)
    .values({
      account_id: caller.accountId,
      email,
      role,
      site_ids,
      token_hash: await sha256(token),
      invited_by_id: caller.userId,
      expires_at: sql`now() + ${expires_in_days} * interval '1 day'`,
    })
    .returning({ id: invitations.id })
  return { ...(await getInvitation(tx, made!.id)), token }
}

/** Revokes an invitation. Throws `wrong_state` if it was accepted. */
export async function revokeInvitation(tx: Tx, id: number): Promise<void> {
  const invitation = await getInvitation(tx, id)
  if (invitation.accepted_at) {
    throw new DomainError(
      'wrong_state',
      'This invitation was already accepted. Deactivate or remove the user instead.',
    )
  }
  await revoke(tx, eq(invitations.id, id))
}

async function revoke(tx: Tx, which: SQL): Promise<void> {
  await tx
    .update(invitations)
    .set({ revoked_at: sql`now()`, updated_at: sql`now()` })
    .where(and(which, isNull(invitations.accepted_at), isNull(invitations.revoked_at)))
}
