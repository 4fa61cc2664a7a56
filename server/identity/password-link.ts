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

/** `fits`: a hash of the password's hash, by which the link ends with the password that is forgotten. */
const Claims = z.object({
  sub: z.coerce.number().int().min(1),
  by: z.int().min(1),
  role: z.enum(ROLES),
  fits: z.string(),
})
type Claims = z.infer<typeof Claims>

/**
 * A link by which another user of the account, of no higher role than the caller's, chooses a new
 * password, once and within a day. Nothing of it is stored. One for oneself is refused: it would make a
 * token that somebody found as good as the password.
 */
export async function makePasswordLink(
  deps: Deps,
  caller: Caller,
  id: number,
): Promise<{ token: string; url: string; expires_at: string }> {
  const { accountId, userId, requestId } = caller
  if (id === userId) throw yourOwn()
  const user = await deps.database.withAccount(caller.scope, async (tx) => {
    const [found] = await tx.select().from(users).where(eq(users.id, id))
    if (!found) throw notFound()
    requireRank(caller, found.role)
    if (!found.is_active) throw new DomainError('wrong_state', 'The user is not active.')
    const object = { type: 'user', id }
    await audit(tx, { accountId, userId, requestId, action: 'user.password_link_made', object })
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
  // Behind the #, which no browser sends and no server logs.
  const url = `${deps.settings.publicUrl()}/password#${token}`
  return { token, url, expires_at: expires.toISOString() }
}

function yourOwn(): DomainError {
  return new DomainError(
    'permission_denied',
    'A link for yourself would change your password without the old one. Use auth/change_password/, or ask another admin for a link.',
  )
}

/** Sets the password that the person of a link has chosen, ends their sign-ins, and signs them in. */
export async function resetPassword(
  deps: Deps,
  { token, password }: z.infer<typeof ResetPassword>,
  requestId: string,
) {
  const claims = await verified(deps, token)
  // Looked up first: hashing a password is dear, and a link may be sent again and again.
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
    const object = { type: 'user', id }
    const action = 'user.password_reset'
    await audit(tx, { accountId, userId: id, requestId, action, object })
    const tokens = await openSession(tx, deps, { userId: id, accountId, role })
    return { ...(await userAndAccount(tx, id)), ...tokens }
  })
}

/** The user of a link that holds: both still who they were, and the password still the forgotten one. */
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
    'This link was used, has expired, or never was. Ask for a new one.',
  )
}
