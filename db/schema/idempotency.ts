import { index, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { accounts } from './accounts.ts'
import { at, ref, reference } from './columns.ts'

/** What POSTs with an Idempotency-Key were answered, for as long as a retry may come. */
export const idempotency_keys = pgTable(
  'idempotency_keys',
  {
    account_id: ref().notNull(),
    /** The user or API key that sent it: another's same key is another key. */
    actor: text().notNull(),
    key: text().notNull(),
    /** Of the request with its body. */
    fingerprint: text().notNull(),
    status: integer().notNull(),
    headers: jsonb().$type<Record<string, string>>().notNull(),
    /** Null where the answer showed a secret, and is not kept. */
    body: text(),
    created_at: at().notNull().defaultNow(),
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.actor, t.key] }),
    reference([t.account_id], [accounts.id]).onDelete('cascade'),
    index('idempotency_keys_created').on(t.created_at),
  ],
)

/** The keys of POSTs that nobody signs in for, by the network they came from. No answer is kept. */
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
