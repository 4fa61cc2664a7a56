import { errors, jwtVerify, SignJWT } from 'jose'
import { z } from 'zod'
import { ROLES } from '../../db/schema/accounts.ts'
import { tokenInvalid } from '../errors.ts'
import type { Secrets } from '../security/secrets.ts'

const ISSUER = 'igny8'
const AUDIENCE = 'igny8-api'
const ACCESS_TYPE = 'at+jwt'
const ACCESS_SECONDS = 15 * 60

const Claims = z.object({
  sub: z.coerce.number().int().min(1),
  account_id: z.int().min(1),
  role: z.enum(ROLES),
  staff: z.boolean().default(false),
  version: z.int().min(0),
})
export type AccessClaims = {
  userId: number
  /** The user's own account. */
  accountId: number
  role: (typeof ROLES)[number]
  /** Whether the user is platform staff: a developer, or a user of the system account. */
  isStaff: boolean
  /** The user's `token_version`. The token is no longer valid when that is incremented. */
  version: number
}

export type Tokens = {
  /** Signs an access token that is valid for 15 minutes. */
  sign(claims: AccessClaims): Promise<string>
  /** Throws `token_invalid` for anything but a valid token of this service. */
  verify(token: string): Promise<AccessClaims>
}

/** HS256 under the newest key; older keys still verify. */
export async function openTokens(secrets: Secrets): Promise<Tokens> {
  const keys = await secrets.derive('access tokens')
  const newest = keys[0]!
  return {
    sign: ({ userId, accountId, role, isStaff, version }) =>
      new SignJWT({ account_id: accountId, role, version, ...(isStaff && { staff: true }) })
        .setProtectedHeader({ alg: 'HS256', kid: newest.id, typ: ACCESS_TYPE })
        .setSubject(String(userId))
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setIssuedAt()
        .setExpirationTime(`${ACCESS_SECONDS}s`)
        .sign(newest.key),
    async verify(token) {
      try {
        const { payload } = await jwtVerify(
          token,
          (header) => {
            const known = keys.find(({ id }) => id === header.kid)
            if (!known) throw new errors.JWSInvalid('unknown key')
            return known.key
          },
          {
            algorithms: ['HS256'],
            issuer: ISSUER,
            audience: AUDIENCE,
            typ: ACCESS_TYPE,
            requiredClaims: ['exp', 'sub'],
          },
        )
        const { sub, account_id, role, staff, version } = Claims.parse(payload)
        return { userId: sub, accountId: account_id, role, isStaff: staff, version }
      } catch (error) {
        if (error instanceof errors.JOSEError || error instanceof z.ZodError) throw tokenInvalid()
        throw error
      }
    },
  }
}
