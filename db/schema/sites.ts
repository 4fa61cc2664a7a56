import { sql } from 'drizzle-orm'
import {
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  unique,
} from 'drizzle-orm/pg-core'
import { accounts, users } from './accounts.ts'
import { at, id, ref, reference, timestamps } from './columns.ts'

export const SITE_STATUSES = ['active', 'inactive', 'suspended'] as const
export const SECTOR_STATUSES = ['active', 'inactive'] as const

export const industries = pgTable('industries', {
  id: id().primaryKey(),
  name: text().notNull(),
  slug: text().notNull().unique(),
  description: text().notNull().default(''),
  is_active: boolean().notNull().default(true),
  ...timestamps,
})

export const industry_sectors = pgTable(
  'industry_sectors',
  {
    id: id().primaryKey(),
    industry_id: ref().notNull(),
    name: text().notNull(),
    slug: text().notNull(),
    description: text().notNull().default(''),
    is_active: boolean().notNull().default(true),
    ...timestamps,
  },
  (t) => [
    reference([t.industry_id], [industries.id]),
    unique('industry_sectors_slug_key').on(t.industry_id, t.slug),
  ],
)

/** Why nothing is sent to a site, and what its owner can do. */
export type PauseReason = { code: string; message: string }

export const sites = pgTable(
  'sites',
  {
    account_id: ref().notNull(),
    id: id(),
    name: text().notNull(),
    slug: text().notNull(),
    domain: text(),
    industry_id: ref(),
    is_active: boolean().notNull().default(true),
    status: text({ enum: SITE_STATUSES }).notNull().default('active'),
    wp_url: text(),
    wp_username: text(),
    /** Encrypted; no endpoint returns it. */
    wp_app_password: text(),
    wp_rest_root: text(),
    wp_linked_at: at(),
    /** Encrypted, as JSON: the keys shared with the bridge plugin, newest first; null without the plugin. */
    wp_bridge_keys: text(),
    /** Since when publishing is paused, because the site is down or refuses the credentials. */
    wp_paused_at: at(),
    wp_pause_reason: jsonb().$type<PauseReason>(),
    /** Time of the next probe. */
    wp_probe_at: at(),
    /** Number of probes since it was paused. */
    wp_probes: integer().notNull().default(0),
    /** Since when webhooks are disabled, because they failed for days or the plugin answered 410. */
    wp_webhooks_disabled_at: at(),
    wp_webhooks_disabled_reason: jsonb().$type<PauseReason>(),
    /** Since when every webhook failed, how many in a row, and when the next one is tried. */
    wp_webhooks_failing_since: at(),
    wp_webhooks_failures: integer().notNull().default(0),
    wp_webhooks_try_at: at(),
    /** Articles are published only after a person has approved their current version. */
    requires_approval: boolean().notNull().default(false),
    /** New posts published per day, spread over the hours below. Null: no limit. */
    publish_per_day: integer(),
    /** `HH:MM` in `time_zone`; `24:00` is the end of the day. */
    publish_from: text().notNull().default('00:00'),
    publish_until: text().notNull().default('24:00'),
    /** A tz database name, such as Europe/Berlin. */
    time_zone: text().notNull().default('UTC'),
    ...timestamps,
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.id] }),
    reference([t.account_id], [accounts.id]),
    reference([t.industry_id], [industries.id]),
    check('sites_check', sql`is_active = (status = 'active')`),
    check(
      'sites_drip_check',
      // timezone() fails for an unknown name.
      sql`publish_per_day between 1 and 1000
        and publish_from ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'
        and publish_until ~ '^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$'
        and publish_from < publish_until
        and timezone(time_zone, timestamptz '2000-01-01Z') is not null`,
    ),
    unique('sites_slug_key').on(t.account_id, t.slug),
    // The platform role looks a site up by its id alone, because plugin events carry no account.
    index('sites_id').on(t.id),
    index('sites_probe').on(t.wp_probe_at).where(sql`wp_probe_at is not null`),
  ],
)

export const sectors = pgTable(
  'sectors',
  {
    account_id: ref().notNull(),
    id: id(),
    site_id: ref().notNull(),
    industry_sector_id: ref(),
    name: text().notNull(),
    slug: text().notNull(),
    is_active: boolean().notNull().default(true),
    status: text({ enum: SECTOR_STATUSES }).notNull().default('active'),
    ...timestamps,
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.id] }),
    reference([t.account_id, t.site_id], [sites.account_id, sites.id]).onDelete('cascade'),
    reference([t.industry_sector_id], [industry_sectors.id]),
    check('sectors_check', sql`is_active = (status = 'active')`),
    unique('sectors_slug_key').on(t.account_id, t.site_id, t.slug),
    unique('sectors_site_key').on(t.account_id, t.site_id, t.id),
  ],
)

/** Sites granted to editors and viewers. */
export const site_user_access = pgTable(
  'site_user_access',
  {
    account_id: ref().notNull(),
    id: id(),
    site_id: ref().notNull(),
    user_id: ref().notNull(),
    granted_by_id: ref(),
    created_at: at().notNull().defaultNow(),
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.id] }),
    reference([t.account_id, t.site_id], [sites.account_id, sites.id]).onDelete('cascade'),
    reference([t.account_id, t.user_id], [users.account_id, users.id]).onDelete('cascade'),
    unique('site_user_access_key').on(t.account_id, t.user_id, t.site_id),
    index('site_user_access_site').on(t.account_id, t.site_id),
  ],
)
