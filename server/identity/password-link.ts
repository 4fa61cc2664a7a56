import { and, eq, sql } from 'drizzle-orm'
import { errors, jwtVerify, SignJWT } from 'jose'
import { z } from 'zod'
import type { Tx } from '../../db/database.ts'
import { ROLES, users } from '../../db/schema/accounts.ts'
import type { Deps } from '../deps.ts'
import { DomainError, notFound } from '../errors.ts'
import { type Caller, ranksAtLeast } from '../http/caller.ts'
import { audit } from '../observability/audit.ts'
import { sha256 } from '../security/secrets.ts'
import type { ResetPassword } from './schemas.ts'
import { closeAllSessions, openSession, userAndAccount } from './sessions.ts'
import { requireRank } from './users.ts'

const HOURS = 24
const TYPE = 'password+jwt'
const PURPOSE = 'password links'

/** `fits`: a hash of the password hash, so that the link stops working when the password changes. */
const Claims = z.object({
  sub: z.coerce.number().int().min(1),
  by: z.int().min(1),
  role: z.enum(ROLES),
  fits: z.string(),
})
type Claims = z.infer<typeof Claims>

/**
 * Creates a link with which another user of the account, whose role is not above the caller's, sets a new
 * password, once and within a day. Nothing is stored. A link for oneself is refused, because it would let a
 * stolen token change the password.
 */
export async function makePasswordLink(
  deps: Deps,
  caller: Caller,
  id: number,
): Promise<{ token: string; url: string; expires_at: string }> {
  const { userId } = caller
  if (id === userId) throw yourOwn()
  const user = await deps.database.withAccount(caller.scope, async (tx) => {
    const [found] = await tx.select().from(users).where(eq(users.id, id))
    if (!found) throw notFound()
    requireRank(caller, found.role)
    if (!found.is_active)
      throw new DomainError('wrong_state', 'The user is not active. Activate the user first.')
    const object = { type: 'user', id } as const
    await audit(tx, caller, 'user.password_link_made', { object })
    return found
  })
  const [newest] = await deps.secrets.derive(PURPOSE)
  const expires = new Date(Date.now() + HOURS * 3_600_000)
  const token = await new SignJWT({
    by: userId,
    role: user.role,
    fits: await sha256(user.password_hash),
  })
    .setProtectedHeader({ alg: 'HS256', kid: newest!.id, typ: TYPE })
    .setSubject(String(id))
    .setExpirationTime(expires)
    .sign(newest!.key)
  // In the fragment, which browsers do not send and servers do not log.
  const url = `${deps.settings.publicUrl()}/password#${token}`
  return { token, url, expires_at: expires.toISOString() }
}

function yourOwn(): DomainError {
  return new DomainError(
    'permission_denied',
    'You cannot create a password link for yourself. Use auth/change_password/, or ask another admin for a link.',
  )
}

/** Sets the new password of a link's user, ends their sign-ins and signs them in. */
export async function resetPassword(
  deps: Deps,
  { token, password }: z.infer<typeof ResetPassword>,
  requestId: string,
) {
  const claims = await verified(deps, token)
  // Checked first, because hashing a password is expensive and anyone can send a link repeatedly.
  await deps.database.withPlatform('authenticate', (tx) => requireStanding(tx, claims))
  const password_hash = await deps.passwords.hash(password)
  return deps.database.withPlatform('authenticate', async (tx) => {
    const user = await requireStanding(tx, claims)
    const { id, account_id: accountId, role } = user
    const changed = await tx
      .update(users)
      .set({ password_hash, updated_at: sql`now()` })
      .where(and(eq(users.id, id), eq(users.password_hash, user.password_hash)))
      .returning({ id: users.id })
    if (changed.length === 0) throw linkEnded()
    await closeAllSessions(tx, accountId, id)
    const by = { actor: 'user', accountId, userId: id, requestId } as const
    await audit(tx, by, 'user.password_reset', { object: { type: 'user', id } })
    const tokens = await openSession(tx, deps, { userId: id, accountId, role })
    return { ...(await userAndAccount(tx, id)), ...tokens }
  })
}

/** The user of a valid link: neither user's role or access has changed since, nor the password. */
async function requireStanding(tx: Tx, { sub, by, role, fits }: Claims) {
  const [user] = await tx.select().from(users).where(eq(users.id, sub))
  const [maker] = await tx.select().from(users).where(eq(users.id, by))
  const isSame = user?.is_active && user.role === role
  if (!isSame || (await sha256(user.password_hash)) !== fits) throw linkEnded()
  if (!maker?.is_active || !ranksAtLeast(maker, role)) throw linkEnded()
  return user
}

async function verified(deps: Deps, token: string): Promise<Claims> {
  const keys = await deps.secrets.derive(PURPOSE)
  try {
    const { payload } = await jwtVerify(
      token,
      ({ kid }) => {
        const known = keys.find(({ id }) => id === kid)
        if (!known) throw new errors.JWSInvalid('unknown key')
        return known.key
      },
      { algorithms: ['HS256'], typ: TYPE, requiredClaims: ['exp', 'sub'] },
    )
    return Claims.parse(payload)
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof z.ZodError) throw linkEnded()
    throw error
  }
}

function linkEnded(): DomainError {
  return new DomainError(
    'not_found',
    'This link is not valid: it was used or has expired. Ask for a new one.',
  )
}
