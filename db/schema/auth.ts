import { sql } from 'drizzle-orm'
import {
  boolean,
  index,
  integer,
  jsonb,
  numeric,
  pgTable,
  primaryKey,
  text,
  unique,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import { actingApiKey, at, credits, id, ref, timestamps } from './columns.ts'

export const ROLES = ['developer', 'owner', 'admin', 'editor', 'viewer', 'system_bot'] as const
export type Role = (typeof ROLES)[number]
export const ACCOUNT_STATUSES = ['active', 'suspended', 'trial', 'cancelled'] as const
export const SITE_STATUSES = ['active', 'inactive', 'suspended'] as const
export const SECTOR_STATUSES = ['active', 'inactive'] as const

export const BILLING_CYCLES = ['monthly', 'annual'] as const

export const plans = pgTable('plans', {
  id: id().primaryKey(),
  name: text().notNull(),
  slug: text().notNull().unique(),
  price: numeric({ precision: 10, scale: 2 }).notNull().default('0'),
  billing_cycle: text({ enum: BILLING_CYCLES }).notNull().default('monthly'),
  features: jsonb().$type<string[]>().notNull().default([]),
  max_users: integer().notNull(),
  max_sites: integer().notNull(),
  max_keywords: integer().notNull(),
  max_clusters: integer().notNull(),
  max_content_ideas: integer().notNull(),
  daily_cluster_limit: integer().notNull(),
  monthly_cluster_ai_credits: integer().notNull(),
  daily_content_tasks: integer().notNull(),
  daily_ai_requests: integer().notNull(),
  monthly_word_count_limit: integer().notNull(),
  monthly_content_ai_credits: integer().notNull(),
  monthly_image_count: integer().notNull(),
  daily_image_generation_limit: integer().notNull(),
  monthly_image_ai_credits: integer().notNull(),
  max_images_per_task: integer().notNull(),
  image_model_choices: jsonb().$type<string[]>().notNull().default([]),
  included_credits: integer(),
  credits_per_month: integer().notNull().default(0),
  extra_credit_price: numeric({ precision: 10, scale: 4 }).notNull().default('0'),
  is_active: boolean().notNull().default(true),
  ...timestamps,
})

export const accounts = pgTable('accounts', {
  id: id().primaryKey(),
  name: text().notNull(),
  slug: text().notNull().unique(),
  owner_id: ref(),
  plan_id: ref().notNull(),
  /** What may still be spent: granted − charged − held. */
  credits: credits().notNull().default(0),
  stripe_customer_id: text(),
  /** When the plan's credits are granted next. */
  renews_at: at().notNull().default(sql`now() + interval '1 month'`),
  status: text({ enum: ACCOUNT_STATUSES }).notNull().default('active'),
  /** When a cancelled account is erased; until then its owner may restore it. */
  delete_after: at(),
  /** The status of a cancelled account before its owner closed it, which restoring gives back. */
  closed_from: text({ enum: ACCOUNT_STATUSES }),
  erased_at: at(),
  ...timestamps,
})

export const users = pgTable(
  'users',
  {
    id: id().primaryKey(),
    account_id: ref().notNull(),
    email: text().notNull(),
    password_hash: text().notNull(),
    first_name: text().notNull().default(''),
    last_name: text().notNull().default(''),
    role: text({ enum: ROLES }).notNull(),
    is_active: boolean().notNull().default(true),
    /** Goes up whenever all sign-ins end: access tokens of before it end too. */
    token_version: integer().notNull().default(0),
    last_login_at: at(),
    ...timestamps,
  },
  (t) => [
    uniqueIndex('users_email_key').on(sql`lower(${t.email})`),
    unique('users_account_id_id_key').on(t.account_id, t.id),
  ],
)

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
  (t) => [unique('industry_sectors_slug_key').on(t.industry_id, t.slug)],
)

/**
 * What is counted to slow down guessing, and the networks that users signed in from, by hashed key:
 * platform rows, no tenant's. A row means nothing once its window has ended.
 */
export const login_attempts = pgTable(
  'login_attempts',
  {
    key_hash: text().primaryKey(),
    failures: integer().notNull(),
    window_ends_at: at().notNull(),
  },
  (t) => [index('login_attempts_window').on(t.window_ends_at)],
)

export const refresh_tokens = pgTable(
  'refresh_tokens',
  {
    account_id: ref().notNull(),
    id: id(),
    user_id: ref().notNull(),
    /** All tokens that one sign-in led to. */
    family: uuid().notNull(),
    token_hash: text().notNull().unique(),
    expires_at: at().notNull(),
    used_at: at(),
    revoked_at: at(),
    created_at: at().notNull().defaultNow(),
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.id] }),
    index('refresh_tokens_family').on(t.account_id, t.family),
    index('refresh_tokens_user').on(t.account_id, t.user_id),
    index('refresh_tokens_expires').on(t.expires_at),
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
    /** Encrypted; no endpoint reads it. */
    wp_app_password: text(),
    wp_rest_root: text(),
    wp_linked_at: at(),
    /** Encrypted, as JSON: the keys shared with the bridge plugin, newest first; null without the plugin. */
    wp_bridge_keys: text(),
    /** Since when nothing is sent to it, because it does not answer or does not let us in. */
    wp_paused_at: at(),
    wp_pause_reason: jsonb().$type<PauseReason>(),
    /** When it is asked next whether it works again. */
    wp_probe_at: at(),
    /** How often it was asked since it was paused. */
    wp_probes: integer().notNull().default(0),
    /** Since when the plugin gets no webhooks, because it failed for days or said that it is gone. */
    wp_webhooks_disabled_at: at(),
    wp_webhooks_disabled_reason: jsonb().$type<PauseReason>(),
    /** Since when every webhook failed, how many in a row, and when the next one is tried. */
    wp_webhooks_failing_since: at(),
    wp_webhooks_failures: integer().notNull().default(0),
    wp_webhooks_try_at: at(),
    /** Nothing becomes public that no person has approved as it stands. */
    requires_approval: boolean().notNull().default(false),
    /** So many new posts a day become public, spread over the hours below; null: at once. */
    publish_per_day: integer(),
    /** `HH:MM` in `time_zone`; `24:00` is the end of the day. */
    publish_from: text().notNull().default('00:00'),
    publish_until: text().notNull().default('24:00'),
    /** A name of the tz database. */
    time_zone: text().notNull().default('UTC'),
    ...timestamps,
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.id] }),
    unique('sites_slug_key').on(t.account_id, t.slug),
    // The platform role looks a site up by its id alone: a plugin's events name no account.
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
    unique('sectors_slug_key').on(t.account_id, t.site_id, t.slug),
    unique('sectors_site_key').on(t.account_id, t.site_id, t.id),
  ],
)

/** Which sites an editor or a viewer was granted. */
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
    unique('site_user_access_key').on(t.account_id, t.user_id, t.site_id),
    index('site_user_access_site').on(t.account_id, t.site_id),
  ],
)

export const API_KEY_ACCESS = ['read', 'write'] as const

/** What programs call with, as `system_bot`. */
export const api_keys = pgTable(
  'api_keys',
  {
    account_id: ref().notNull(),
    id: id(),
    name: text().notNull(),
    access: text({ enum: API_KEY_ACCESS }).notNull(),
    /** Null: every site, those to come too. */
    site_ids: ref().array(),
    key_hash: text().notNull(),
    last4: text().notNull(),
    created_by_id: ref(),
    expires_at: at(),
    /** To the minute. */
    last_used_at: at(),
    revoked_at: at(),
    ...timestamps,
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.id] }),
    unique('api_keys_hash_key').on(t.account_id, t.key_hash),
  ],
)

/** Who was asked to join an account, by a link that works once. */
export const invitations = pgTable(
  'invitations',
  {
    account_id: ref().notNull(),
    id: id(),
    email: text().notNull(),
    role: text({ enum: ROLES }).notNull(),
    /** The sites that an editor or a viewer is granted on joining. */
    site_ids: ref().array().notNull(),
    token_hash: text().notNull().unique(),
    invited_by_id: ref(),
    /** Who joined by it. */
    user_id: ref(),
    expires_at: at().notNull(),
    accepted_at: at(),
    revoked_at: at(),
    ...timestamps,
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.id] }),
    uniqueIndex('invitations_open')
      .on(t.account_id, t.email)
      .where(sql`accepted_at is null and revoked_at is null`),
    index('invitations_expires').on(t.expires_at),
  ],
)

/** A one-click link that was begun: WordPress's answer must bring the state, once, before it expires. */
export const wordpress_connections = pgTable(
  'wordpress_connections',
  {
    account_id: ref().notNull(),
    id: id(),
    site_id: ref().notNull(),
    created_by_id: ref().notNull(),
    /** SHA-256 of the state in hexadecimal. */
    state_hash: text().notNull().unique(),
    wp_url: text().notNull(),
    expires_at: at().notNull(),
    /** When WordPress answered; without a run it was refused there. */
    answered_at: at(),
    /** The check of what WordPress answered. */
    run_id: ref(),
    created_at: at().notNull().defaultNow(),
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.id] }),
    index('wordpress_connections_expires').on(t.expires_at),
  ],
)

/** Append-only: the application role may insert and read, nothing else. */
export const audit_log = pgTable(
  'audit_log',
  {
    account_id: ref().notNull(),
    id: id(),
    user_id: ref(),
    api_key_id: actingApiKey(),
    action: text().notNull(),
    object_type: text(),
    object_id: ref(),
    detail: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    request_id: text(),
    created_at: at().notNull().defaultNow(),
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.id] }),
    index('audit_log_created').on(t.account_id, t.created_at.desc(), t.id.desc()),
    index('audit_log_object').on(t.account_id, t.object_type, t.object_id),
  ],
)
