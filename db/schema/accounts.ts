import { sql } from 'drizzle-orm'
import {
  boolean,
  check,
  index,
  integer,
  jsonb,
  numeric,
  type PgTableExtraConfigValue,
  pgTable,
  primaryKey,
  text,
  unique,
  uniqueIndex,
} from 'drizzle-orm/pg-core'
import { actingApiKey, at, credits, id, ref, reference, timestamps } from './columns.ts'

export const ACCOUNT_STATUSES = ['active', 'suspended', 'trial', 'cancelled'] as const
export const BILLING_CYCLES = ['monthly', 'annual'] as const
export const ROLES = ['developer', 'owner', 'admin', 'editor', 'viewer', 'system_bot'] as const
export type Role = (typeof ROLES)[number]

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

export const accounts = pgTable(
  'accounts',
  {
    id: id().primaryKey(),
    name: text().notNull(),
    slug: text().notNull().unique(),
    owner_id: ref(),
    plan_id: ref().notNull(),
    /** Credits left to spend: granted − charged − held. */
    credits: credits().notNull().default(0),
    stripe_customer_id: text(),
    /** When the plan's credits are granted next. */
    renews_at: at().notNull().default(sql`now() + interval '1 month'`),
    status: text({ enum: ACCOUNT_STATUSES }).notNull().default('active'),
    /** When a cancelled account is erased; until then its owner may restore it. */
    delete_after: at(),
    /** The status before the owner closed the account; restoring it sets this status again. */
    closed_from: text({ enum: ACCOUNT_STATUSES }),
    erased_at: at(),
    ...timestamps,
  },
  // Accounts and users refer to each other; the explicit type breaks the circle.
  (t): PgTableExtraConfigValue[] => [
    reference([t.plan_id], [plans.id]),
    reference([t.id, t.owner_id], [users.account_id, users.id]),
    check('accounts_credits_check', sql`credits >= 0`),
    check('accounts_credits_exact', sql`credits <= 9007199254740991`),
    index('accounts_renews').on(t.renews_at),
    index('accounts_delete_after').on(t.delete_after).where(sql`delete_after is not null`),
  ],
)

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
    /** Incremented to end all sessions; access tokens with an older version are refused. */
    token_version: integer().notNull().default(0),
    last_login_at: at(),
    ...timestamps,
  },
  (t) => [
    reference([t.account_id], [accounts.id]),
    uniqueIndex('users_email_key').on(sql`lower(${t.email})`),
    unique('users_account_id_id_key').on(t.account_id, t.id),
  ],
)

/** Append-only: the application role can only insert and read. */
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
    reference([t.account_id], [accounts.id]),
    index('audit_log_created').on(t.account_id, t.created_at.desc(), t.id.desc()),
    index('audit_log_object').on(t.account_id, t.object_type, t.object_id),
  ],
)
