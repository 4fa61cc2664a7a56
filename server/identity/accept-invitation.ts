import { and, eq, gt, inArray, isNull, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { Tx } from '../../db/database.ts'
import { accounts, users } from '../../db/schema/accounts.ts'
import { invitations } from '../../db/schema/identity.ts'
import { site_user_access, sites } from '../../db/schema/sites.ts'
import type { Deps } from '../deps.ts'
import { DomainError } from '../errors.ts'
import { ranksAtLeast } from '../http/caller.ts'
import { audit } from '../observability/audit.ts'
import { sha256 } from '../security/secrets.ts'
import { emailTaken } from './register.ts'
import type { AcceptInvitation } from './schemas.ts'
import { openSession, userAndAccount } from './sessions.ts'

type Invitation = typeof invitations.$inferSelect

/** Creates the user that an invitation is for, grants its sites and signs the user in. Works once. */
export async function acceptInvitation(
  deps: Deps,
  { token, password, ...names }: z.infer<typeof AcceptInvitation>,
  requestId: string,
) {
  const token_hash = await sha256(token)
  const open = and(
    eq(invitations.token_hash, token_hash),
    isNull(invitations.accepted_at),
    isNull(invitations.revoked_at),
    gt(invitations.expires_at, sql`now()`),
  )
  // Checked first, because anyone can send a token and hashing a password is expensive.
  const known = await deps.database.withPlatform('authenticate', (tx) =>
    tx.select({ id: invitations.id }).from(invitations).where(open),
  )
  if (known.length === 0) throw notOpen()
  const password_hash = await deps.passwords.hash(password)
  return deps.database.withPlatform('authenticate', async (tx) => {
    const [invitation] = await tx
      .update(invitations)
      .set({ accepted_at: sql`now()`, updated_at: sql`now()` })
      .where(open)
      .returning()
    if (!invitation) throw notOpen()
    await requireOpenAccount(tx, invitation.account_id)
    await requireRankOfInviter(tx, invitation)
    const user = await join(tx, invitation, { ...names, password_hash })
    const accountId = invitation.account_id
    const by = { actor: 'user', accountId, userId: user.id, requestId } as const
    const object = { type: 'invitation', id: invitation.id } as const
    await audit(tx, by, 'invitation.accepted', { object })
    const tokens = await openSession(tx, deps, { userId: user.id, accountId, role: user.role })
    return { ...(await userAndAccount(tx, user.id)), ...tokens }
  })
}

async function join(
  tx: Tx,
  { account_id, id, email, role, site_ids }: Invitation,
  person: { password_hash: string; first_name?: string; last_name?: string },
) {
  const [user] = await tx
    .insert(users)
    .values({ ...person, account_id, email, role })
    .onConflictDoNothing()
    .returning({ id: users.id, role: users.role })
  if (!user) throw emailTaken()
  await tx
    .update(invitations)
    .set({ user_id: user.id })
    .where(and(eq(invitations.account_id, account_id), eq(invitations.id, id)))
  // Sites may have been deleted since the invitation.
  const granted = await tx
    .select({ site_id: sites.id })
    .from(sites)
    .where(and(eq(sites.account_id, account_id), inArray(sites.id, site_ids)))
  if (granted.length > 0) {
    await tx
      .insert(site_user_access)
      .values(granted.map(({ site_id }) => ({ account_id, site_id, user_id: user.id })))
  }
  return user
}

/** An inviter who has lost a role cannot give it any more. */
async function requireRankOfInviter(tx: Tx, { invited_by_id, role }: Invitation): Promise<void> {
  const [inviter] = await tx
    .select({ role: users.role })
    .from(users)
    .where(eq(users.id, invited_by_id ?? 0))
  if (!inviter || !ranksAtLeast(inviter, role)) throw notOpen()
}

async function requireOpenAccount(tx: Tx, id: number): Promise<void> {
  const [account] = await tx
    .select({ status: accounts.status })
    .from(accounts)
    .where(eq(accounts.id, id))
  if (account?.status === 'active' || account?.status === 'trial') return
  throw new DomainError(
    'account_suspended',
    'The account is suspended or cancelled, so nobody can join it. Ask the person who invited you.',
  )
}

function notOpen(): DomainError {
  return new DomainError(
    'not_found',
    'This invitation is not valid: it was used or revoked, or has expired. Ask for a new one.',
  )
}
