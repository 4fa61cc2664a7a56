import { z } from '@hono/zod-openapi'
import { createSelectSchema } from 'drizzle-zod'
import { accounts, audit_log, users } from '../../db/schema/accounts.ts'
import { API_KEY_ACCESS, api_keys, invitations } from '../../db/schema/identity.ts'
import {
  industries,
  industry_sectors,
  SECTOR_STATUSES,
  SITE_STATUSES,
  sectors,
  site_user_access,
  sites,
} from '../../db/schema/sites.ts'
import { nullableTime, objectId, text, time, times, webUrl } from '../http/schemas.ts'

const MAX_PASSWORD = 200

export const Email = z
  .email()
  .max(254)
  .transform((email) => email.toLowerCase())
/** Long enough to be worth hashing, short enough to hash. */
export const NewPassword = z.string().min(10).max(MAX_PASSWORD)
const Password = z.string().min(1).max(MAX_PASSWORD)
const slug = z
  .string()
  .max(100)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'lower-case letters, digits and single hyphens')

export const Account = createSelectSchema(accounts, {
  ...times,
  renews_at: time,
  delete_after: nullableTime,
  erased_at: nullableTime,
})
  .omit({ stripe_customer_id: true })
  .openapi('Account')
/** As the collection shows it; a session does without the payment customer. */
export const OwnAccount = Account.extend({
  stripe_customer_id: z.string().nullable().openapi({ description: 'Null to all below admin.' }),
}).openapi('OwnAccount')
export const User = createSelectSchema(users, { ...times, last_login_at: nullableTime })
  .omit({ password_hash: true, token_version: true })
  .openapi('User')
export const Industry = createSelectSchema(industries, times)
  .extend({ sectors: z.array(createSelectSchema(industry_sectors, times)) })
  .openapi('Industry')
export const Site = createSelectSchema(sites, {
  ...times,
  wp_linked_at: nullableTime,
  wp_paused_at: nullableTime,
  wp_pause_reason: z.object({ code: z.string(), message: z.string() }).nullable().openapi({
    description: 'Why nothing is published there at present, and what to do.',
  }),
  wp_webhooks_disabled_at: nullableTime.openapi({
    description:
      'Since when the plugin gets no webhooks. A check of the site that pairs the plugin, or a replayed delivery that arrives, enables them.',
  }),
  wp_webhooks_disabled_reason: z
    .object({ code: z.string(), message: z.string() })
    .nullable()
    .openapi({ description: 'Why the plugin gets no webhooks, and what to do.' }),
})
  .omit({
    wp_app_password: true,
    wp_rest_root: true,
    wp_bridge_keys: true,
    wp_probe_at: true,
    wp_probes: true,
    wp_webhooks_failing_since: true,
    wp_webhooks_failures: true,
    wp_webhooks_try_at: true,
  })
  .extend({ active_sectors_count: z.int() })
  .openapi('Site')
export const Sector = createSelectSchema(sectors, times).openapi('Sector')
export const Grant = createSelectSchema(site_user_access, { created_at: time }).openapi(
  'SiteUserAccess',
)

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
  key: z.string().openapi({ description: 'Keep it: it is not shown again.' }),
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
  url: z.string().openapi({ description: 'Hand it on: it is not shown again.' }),
}).openapi('ShownInvitation')
export const AuditEntry = createSelectSchema(audit_log, {
  created_at: time,
  detail: z.record(z.string(), z.unknown()),
}).openapi('AuditEntry')

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
    url: z.string().openapi({ description: 'Hand it on: it is not shown again.' }),
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

/** The roles that are given in an account, each by its like or above. */
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
  .refine((when) => Date.parse(when) > Date.now(), { message: 'must lie in the future' })
export const NewApiKey = z.strictObject({
  name: text(100),
  access: z.enum(API_KEY_ACCESS),
  site_ids: SiteIds.min(1).nullable().optional().openapi({
    description: 'The sites it is for; null or left out: all, those to come too.',
  }),
  expires_at: future.nullable().optional(),
})
export const UpdateApiKey = z.strictObject({ name: text(100).optional() })
export const NewInvitation = z.strictObject({
  email: Email,
  role: GivenRole,
  site_ids: SiteIds.optional().openapi({
    description: 'What an editor or a viewer is granted on joining; an admin sees every site.',
  }),
  expires_in_days: z.int().min(1).max(90).optional().openapi({ description: '7 by default.' }),
})
export const AcceptInvitation = z.strictObject({
  token: z.string().min(1).max(200),
  password: NewPassword,
  first_name: text(150, 0).optional(),
  last_name: text(150, 0).optional(),
})

const IndustrySectors = z
  .array(
    z.strictObject({
      name: text(200),
      slug: slug.optional(),
      description: text(1000, 0).optional(),
      is_active: z.boolean().optional(),
    }),
  )
  .max(100)
const industryFields = {
  slug: slug.optional(),
  description: text(1000, 0).optional(),
  is_active: z.boolean().optional(),
  sectors: IndustrySectors.optional(),
}
export const NewIndustry = z.strictObject({ name: text(200), ...industryFields })
export const UpdateIndustry = z.strictObject({ name: text(200).optional(), ...industryFields })

export const UpdateAccount = z.strictObject({
  name: text(200).optional(),
  plan_id: objectId.optional(),
  owner_id: objectId.optional(),
  slug: slug.optional(),
  status: z.enum(['active', 'trial', 'suspended']).optional(),
  stripe_customer_id: text(255).nullable().optional(),
})

const timeOfDay = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, 'a time of day such as 09:00, at most 24:00')
const siteFields = {
  requires_approval: z.boolean().optional().openapi({
    description: 'Nothing becomes public that no person approved as it stands.',
  }),
  publish_per_day: z.int().min(1).max(1000).nullable().optional().openapi({
    description: 'So many new posts a day become public; null: each as soon as it is asked for.',
  }),
  publish_from: timeOfDay.optional().openapi({ description: 'In `time_zone`; 00:00 by default.' }),
  publish_until: timeOfDay.optional().openapi({ description: '24:00 by default.' }),
  time_zone: z
    .string()
    .regex(/^[A-Za-z]+([/_+-][A-Za-z0-9]+)*$/, 'a name such as Europe/Berlin')
    .refine(isTimeZone, { message: 'is not a time zone; take a name such as Europe/Berlin' })
    .optional(),
  domain: webUrl.nullable().optional(),
  industry_id: objectId.nullable().optional(),
  is_active: z.boolean().optional(),
  status: z.enum(SITE_STATUSES).optional().openapi({
    description: 'No work is begun on a site that is not active; what is published there stays.',
  }),
}
function isTimeZone(name: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }))
  } catch {
    return false
  }
}
export const NewSite = z.strictObject({ name: text(200), slug: slug.optional(), ...siteFields })
export const UpdateSite = z.strictObject({
  name: text(200).optional(),
  slug: slug.optional(),
  ...siteFields,
  wp_url: text(500).nullable().optional(),
  wp_username: text(200).nullable().optional(),
  wp_app_password: text(200).nullable().optional(),
})

const sectorFields = {
  slug: slug.optional(),
  is_active: z.boolean().optional(),
  status: z.enum(SECTOR_STATUSES).optional().openapi({
    description: 'No work is begun in a sector that is not active.',
  }),
}
export const NewSector = z
  .strictObject({
    site_id: objectId,
    name: text(200).optional(),
    industry_sector_id: objectId.nullable().optional(),
    ...sectorFields,
  })
  .refine((sector) => sector.name || sector.industry_sector_id, {
    path: ['name'],
    message: 'name a sector, or choose one by industry_sector_id',
  })
export const UpdateSector = z.strictObject({ name: text(200).optional(), ...sectorFields })
export const NewGrant = z.strictObject({ user_id: objectId })
