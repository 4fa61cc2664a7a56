import { index, integer, pgTable, primaryKey, text, unique } from 'drizzle-orm/pg-core'
import { at, id, ref } from './columns.ts'

export const TRANSACTION_KINDS = ['grant', 'hold', 'charge', 'release'] as const

/**
 * The ledger, append-only. `amount` is in credits and never negative; for each step what was held
 * is charged, released, or both in part. balance = grants − charges − (holds − charges − releases).
 */
export const credit_transactions = pgTable(
  'credit_transactions',
  {
    account_id: ref().notNull(),
    id: id(),
    transaction_type: text({ enum: TRANSACTION_KINDS }).notNull(),
    amount: integer().notNull(),
    /** `accounts.credits` after it. */
    balance_after: integer().notNull(),
    description: text().notNull(),
    run_id: ref(),
    step_id: ref(),
    created_at: at().notNull().defaultNow(),
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.id] }),
    unique('credit_transactions_once').on(t.account_id, t.step_id, t.transaction_type),
    index('credit_transactions_created').on(t.account_id, t.created_at.desc(), t.id.desc()),
  ],
)
