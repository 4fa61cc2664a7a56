import { sql } from 'drizzle-orm'
import { check, date, index, integer, pgTable, primaryKey, text, unique } from 'drizzle-orm/pg-core'
import { accounts } from './accounts.ts'
import { at, credits, id, ref, reference } from './columns.ts'
import { run_steps, runs } from './runs.ts'

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
    amount: credits().notNull(),
    /** `accounts.credits` after it. */
    balance_after: credits().notNull(),
    description: text().notNull(),
    run_id: ref(),
    step_id: ref(),
    /** Identifies a grant: the same reference is granted only once. */
    reference: text(),
    created_at: at().notNull().defaultNow(),
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.id] }),
    reference([t.account_id], [accounts.id]),
    reference([t.account_id, t.run_id], [runs.account_id, runs.id]),
    reference([t.account_id, t.step_id], [run_steps.account_id, run_steps.id]),
    check('credit_transactions_amount_check', sql`amount >= 0`),
    unique('credit_transactions_reference').on(t.account_id, t.reference),
    unique('credit_transactions_once').on(t.account_id, t.step_id, t.transaction_type),
    index('credit_transactions_created').on(t.account_id, t.created_at.desc(), t.id.desc()),
    index('credit_transactions_run').on(t.account_id, t.run_id),
  ],
)

/** How many rows of a kind an account has, kept by triggers: `metric` is the plan's limit of them. */
export const account_totals = pgTable(
  'account_totals',
  {
    account_id: ref().notNull(),
    metric: text().notNull(),
    used: integer().notNull(),
  },
  (t) => [
    reference([t.account_id], [accounts.id]).onDelete('cascade'),
    primaryKey({ columns: [t.account_id, t.metric] }),
  ],
)

/** How much of a daily or monthly limit of the plan was taken, by the day (UTC) the period begins. */
export const usage_counters = pgTable(
  'usage_counters',
  {
    account_id: ref().notNull(),
    metric: text().notNull(),
    period_start: date({ mode: 'string' }).notNull(),
    used: integer().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.metric, t.period_start] }),
    reference([t.account_id], [accounts.id]).onDelete('cascade'),
    index('usage_counters_period').on(t.period_start),
  ],
)

/** The usage and the cost of each successful step. Append-only. */
export const usage_logs = pgTable(
  'usage_logs',
  {
    account_id: ref().notNull(),
    id: id(),
    run_id: ref().notNull(),
    step_id: ref().notNull(),
    /** The run's kind, such as `generate_content`. */
    operation: text().notNull(),
    provider: text().notNull(),
    model: text().notNull(),
    tokens_in: integer().notNull(),
    tokens_out: integer().notNull(),
    images: integer().notNull(),
    words: integer().notNull(),
    duration_ms: integer().notNull(),
    /** Credits charged. */
    cost: integer().notNull(),
    created_at: at().notNull().defaultNow(),
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.id] }),
    reference([t.account_id], [accounts.id]),
    reference([t.account_id, t.run_id], [runs.account_id, runs.id]),
    reference([t.account_id, t.step_id], [run_steps.account_id, run_steps.id]),
    unique('usage_logs_step').on(t.account_id, t.step_id),
    index('usage_logs_run').on(t.account_id, t.run_id),
    index('usage_logs_created').on(t.account_id, t.created_at.desc(), t.id.desc()),
  ],
)
