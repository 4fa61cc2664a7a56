import { index, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { accounts } from './accounts.ts'
import { at, ref, reference } from './columns.ts'

/** Responses to POSTs with an Idempotency-Key, kept for replay. */
export const idempotency_keys = pgTable(
  'idempotency_keys',
  {
    account_id: ref().notNull(),
    /** The user or API key that sent it; keys of different callers do not collide. */
    actor: text().notNull(),
    key: text().notNull(),
    /** Hash of the method, path and body. */
    fingerprint: text().notNull(),
    status: integer().notNull(),
    headers: jsonb().$type<Record<string, string>>().notNull(),
    /** Null when the response contained a secret and was not kept. */
    body: text(),
    created_at: at().notNull().defaultNow(),
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.actor, t.key] }),
    reference([t.account_id], [accounts.id]).onDelete('cascade'),
    index('idempotency_keys_created').on(t.created_at),
  ],
)

/** Keys of anonymous POSTs, by client network. Responses are not kept. */
export const public_idempotency_keys = pgTable(
  'public_idempotency_keys',
  {
    address: text().notNull(),
    key: text().notNull(),
    fingerprint: text().notNull(),
    status: integer().notNull(),
    created_at: at().notNull().defaultNow(),
  },
  (t) => [
    primaryKey({ columns: [t.address, t.key] }),
    index('public_idempotency_keys_created').on(t.created_at),
  ],
)
