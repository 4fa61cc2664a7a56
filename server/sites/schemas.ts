import { z } from '@hono/zod-openapi'
import { createSelectSchema } from 'drizzle-zod'
import {
  industries,
  industry_sectors,
  SECTOR_STATUSES,
  SITE_STATUSES,
  sectors,
  site_user_access,
  sites,
} from '../../db/schema/sites.ts'
import { nullableTime, objectId, slug, text, time, times, webUrl } from '../http/schemas.ts'

export const Industry = createSelectSchema(industries, times)
  .extend({ sectors: z.array(createSelectSchema(industry_sectors, times)) })
  .openapi('Industry')
export const Site = createSelectSchema(sites, {
  ...times,
  wp_linked_at: nullableTime,
  wp_paused_at: nullableTime,
  wp_pause_reason: z.object({ code: z.string(), message: z.string() }).nullable().openapi({
    description: 'Why publishing is paused, and how to fix it.',
  }),
  wp_webhooks_disabled_at: nullableTime.openapi({
    description:
      'The time when webhooks to the plugin were disabled. Checking the site, which pairs the plugin again, or a successful replay enables them.',
  }),
  wp_webhooks_disabled_reason: z
    .object({ code: z.string(), message: z.string() })
    .nullable()
    .openapi({ description: 'Why webhooks are disabled, and how to enable them.' }),
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

const timeOfDay = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, 'must be a time of day such as 09:00, at most 24:00')
const siteFields = {
  requires_approval: z.boolean().optional().openapi({
    description: 'Publish an article only after a person has approved its current version.',
  }),
  publish_per_day: z.int().min(1).max(1000).nullable().optional().openapi({
    description: 'New posts to publish per day. Null: no limit.',
  }),
  publish_from: timeOfDay.optional().openapi({ description: 'In `time_zone`; 00:00 by default.' }),
  publish_until: timeOfDay.optional().openapi({ description: '24:00 by default.' }),
  time_zone: z
    .string()
    .regex(/^[A-Za-z]+([/_+-][A-Za-z0-9]+)*$/, 'must be a name such as Europe/Berlin')
    .refine(isTimeZone, { message: 'must be a time zone such as Europe/Berlin' })
    .optional(),
  domain: webUrl.nullable().optional(),
  industry_id: objectId.nullable().optional(),
  is_active: z.boolean().optional(),
  status: z.enum(SITE_STATUSES).optional().openapi({
    description: 'No work starts on an inactive site. Published posts stay.',
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
    description: 'No work starts in an inactive sector.',
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
    message: 'must be given unless industry_sector_id is',
  })
export const UpdateSector = z.strictObject({ name: text(200).optional(), ...sectorFields })
export const NewGrant = z.strictObject({ user_id: objectId })
