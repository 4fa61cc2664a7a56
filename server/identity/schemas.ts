import { z } from '@hono/zod-openapi'
import { createSelectSchema } from 'drizzle-zod'
import { accounts, users } from '../../db/schema/accounts.ts'
import { API_KEY_ACCESS, api_keys, invitations } from '../../db/schema/identity.ts'
import { nullableTime, objectId, text, time, times } from '../http/schemas.ts'

const MAX_PASSWORD = 200

const Email = z
  .email()
  .max(254)
  .transform((email) => email.toLowerCase())
/** Long enough to be worth hashing, short enough to hash. */
const NewPassword = z.string().min(10).max(MAX_PASSWORD)
const Password = z.string().min(1).max(MAX_PASSWORD)
export const Account = createSelectSchema(accounts, {
  ...times,
  renews_at: time,
  delete_after: nullableTime,
  erased_at: nullableTime,
})
  .omit({ stripe_customer_id: true })
  .openapi('Account')
/** The account as in its collection; sessions omit `stripe_customer_id`. */
export const OwnAccount = Account.extend({
  stripe_customer_id: z.string().nullable().openapi({ description: 'Null for roles below admin.' }),
}).openapi('OwnAccount')
export const User = createSelectSchema(users, { ...times, last_login_at: nullableTime })
  .omit({ password_hash: true, token_version: true })
  .openapi('User')
const SiteIds = z.array(objectId).max(1000)
const keyTimes = {
  ...times,
  expires_at: nullableTime,
  last_used_at: nullableTime,
  revoked_at: nullableTime,
}
export const ApiKey = createSelectSchema(api_keys, { ...keyTimes, site_ids: SiteIds.nullable() })
  .omit({ key_hash: true })
  .openapi('ApiKey')
export const ShownApiKey = ApiKey.extend({
  key: z.string().openapi({ description: 'The key. Store it now: it is not shown again.' }),
}).openapi('ShownApiKey')
export const Invitation = createSelectSchema(invitations, {
  ...times,
  site_ids: SiteIds,
  expires_at: time,
  accepted_at: nullableTime,
  revoked_at: nullableTime,
})
  .omit({ token_hash: true })
  .extend({ state: z.enum(['open', 'accepted', 'revoked', 'expired']) })
  .openapi('Invitation')
export const ShownInvitation = Invitation.extend({
  token: z.string(),
  url: z
    .string()
    .openapi({ description: 'The link to send to the person. It is not shown again.' }),
}).openapi('ShownInvitation')
export const Register = z.strictObject({
  email: Email,
  password: NewPassword,
  account_name: text(200),
})
export const Login = z.strictObject({ email: Email, password: Password })
export const Refresh = z.strictObject({ refresh: z.string().min(1).max(200) })
export const ChangePassword = z.strictObject({ old_password: Password, new_password: NewPassword })
export const ResetPassword = z.strictObject({
  token: z.string().min(1).max(1000),
  password: NewPassword,
})
export const PasswordLink = z
  .object({
    token: z.string(),
    url: z
      .string()
      .openapi({ description: 'The link to send to the person. It is not shown again.' }),
    expires_at: z.string().openapi({ format: 'date-time' }),
  })
  .openapi('PasswordLink')
export const UpdateMe = z.strictObject({
  first_name: text(150, 0).optional(),
  last_name: text(150, 0).optional(),
})
export const Session = z
  .object({ user: User, account: Account, access: z.string(), refresh: z.string() })
  .openapi('Session')
export const TokenPair = z.object({ access: z.string(), refresh: z.string() }).openapi('TokenPair')

/** Roles within an account. A user can give roles up to their own. */
const GivenRole = z.enum(['owner', 'admin', 'editor', 'viewer'])
export const NewUser = z.strictObject({
  email: Email,
  password: NewPassword,
  role: GivenRole,
  first_name: text(150, 0).optional(),
  last_name: text(150, 0).optional(),
})
export const UpdateUser = z.strictObject({
  role: GivenRole.optional(),
  is_active: z.boolean().optional(),
  first_name: text(150, 0).optional(),
  last_name: text(150, 0).optional(),
})

const future = z.iso
  .datetime({ offset: true })
  .refine((when) => Date.parse(when) > Date.now(), { message: 'must be in the future' })
export const NewApiKey = z.strictObject({
  name: text(100),
  access: z.enum(API_KEY_ACCESS),
  site_ids: SiteIds.min(1).nullable().optional().openapi({
    description:
      'The sites that the key can access. Null or omitted: all sites, including future ones.',
  }),
  expires_at: future.nullable().optional(),
})
export const UpdateApiKey = z.strictObject({ name: text(100).optional() })
export const NewInvitation = z.strictObject({
  email: Email,
  role: GivenRole,
  site_ids: SiteIds.optional().openapi({
    description: 'The sites that an editor or viewer is granted on joining. Admins see every site.',
  }),
  expires_in_days: z
    .int()
    .min(1)
    .max(90)
    .optional()
    .openapi({ description: 'The number of days until the invitation expires, 7 by default.' }),
})
export const AcceptInvitation = z.strictObject({
  token: z.string().min(1).max(200),
  password: NewPassword,
  first_name: text(150, 0).optional(),
  last_name: text(150, 0).optional(),
})
