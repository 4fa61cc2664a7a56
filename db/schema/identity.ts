import { sql } from 'drizzle-orm'
import {
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  unique,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import { accounts, ROLES, users } from './accounts.ts'
import { at, id, ref, reference, timestamps } from './columns.ts'

/**
 * Counters that slow down guessing, and the networks that users signed in from, by hashed key. The rows
 * belong to the platform. A row is ignored once its window has ended.
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
    /** Groups all refresh tokens of one sign-in. */
    family: uuid().notNull(),
    token_hash: text().notNull().unique(),
    expires_at: at().notNull(),
    used_at: at(),
    revoked_at: at(),
    created_at: at().notNull().defaultNow(),
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.id] }),
    reference([t.account_id, t.user_id], [users.account_id, users.id]).onDelete('cascade'),
    index('refresh_tokens_family').on(t.account_id, t.family),
    index('refresh_tokens_user').on(t.account_id, t.user_id),
    index('refresh_tokens_expires').on(t.expires_at),
  ],
)

export const API_KEY_ACCESS = ['read', 'write'] as const

/** Credentials of programs, which act as `system_bot`. */
export const api_keys = pgTable(
  'api_keys',
  {
    account_id: ref().notNull(),
    id: id(),
    name: text().notNull(),
    access: text({ enum: API_KEY_ACCESS }).notNull(),
    /** Null: every site, including future ones. */
    site_ids: ref().array(),
    key_hash: text().notNull(),
    last4: text().notNull(),
    created_by_id: ref(),
    expires_at: at(),
    /** Accurate to the minute. */
    last_used_at: at(),
    revoked_at: at(),
    ...timestamps,
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.id] }),
    reference([t.account_id], [accounts.id]),
    unique('api_keys_hash_key').on(t.account_id, t.key_hash),
  ],
)

/** Invitations to join an account, each with a single-use link. */
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
    /** The user who accepted it. */
    user_id: ref(),
    expires_at: at().notNull(),
    accepted_at: at(),
    revoked_at: at(),
    ...timestamps,
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.id] }),
    reference([t.account_id], [accounts.id]),
    uniqueIndex('invitations_open')
      .on(t.account_id, t.email)
      .where(sql`accepted_at is null and revoked_at is null`),
    index('invitations_expires').on(t.expires_at),
  ],
)
