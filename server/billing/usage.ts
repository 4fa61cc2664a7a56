import { z } from '@hono/zod-openapi'
import { type Column, type SQL, sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { credit_transactions, TRANSACTION_KINDS, usage_logs } from '../../db/schema/billing.ts'
import { equalTo, listPage, listQuery, type Period, period, within } from '../http/lists.ts'
import { queryId, queryText } from '../http/schemas.ts'

/** The default period of sums by day, in days. */
const DAYS = 31

const USAGE_ORDERINGS = { created_at: usage_logs.created_at, cost: usage_logs.cost }
const usageFilters = {
  operation: queryText.optional(),
  provider: queryText.optional(),
  model: queryText.optional(),
  run_id: queryId.optional(),
  ...period,
}
export const UsageQuery = listQuery(USAGE_ORDERINGS, usageFilters).omit({ search: true })
export const UsageByDayQuery = z.strictObject(usageFilters)

const TRANSACTION_ORDERINGS = {
  created_at: credit_transactions.created_at,
  amount: credit_transactions.amount,
}
const transactionFilters = {
  transaction_type: z.enum(TRANSACTION_KINDS).optional(),
  run_id: queryId.optional(),
  ...period,
}
export const TransactionQuery = listQuery(TRANSACTION_ORDERINGS, transactionFilters).omit({
  search: true,
})
export const TransactionByDayQuery = z.strictObject(transactionFilters)

function usageWhere(query: z.infer<typeof UsageByDayQuery>) {
  const { operation, provider, model, run_id } = query
  return [
    ...equalTo(usage_logs, { operation, provider, model, run_id }),
    ...within(usage_logs.created_at, query),
  ]
}

function transactionWhere(query: z.infer<typeof TransactionByDayQuery>) {
  const { transaction_type, run_id } = query
  return [
    ...equalTo(credit_transactions, { transaction_type, run_id }),
    ...within(credit_transactions.created_at, query),
  ]
}

/** Lists what each successful step used of a provider, and what it cost. */
export function listUsage(tx: Tx, url: string, query: z.infer<typeof UsageQuery>) {
  return listPage(tx, {
    url,
    query,
    orderings: USAGE_ORDERINGS,
    defaultOrdering: '-created_at',
    from: usage_logs,
    rows: tx.select().from(usage_logs).$dynamic(),
    where: usageWhere(query),
  })
}

export function listTransactions(tx: Tx, url: string, query: z.infer<typeof TransactionQuery>) {
  return listPage(tx, {
    url,
    query,
    orderings: TRANSACTION_ORDERINGS,
    defaultOrdering: '-created_at',
    from: credit_transactions,
    rows: tx.select().from(credit_transactions).$dynamic(),
    where: transactionWhere(query),
  })
}

const sum = (column: Column) => sql`coalesce(sum(${column}), 0)`.mapWith(Number)
const dayOf = (column: Column) => sql<string>`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD')`

/** One row per day (UTC) and operation, newest first; the last `DAYS` days by default. */
export function usageByDay(tx: Tx, query: z.infer<typeof UsageByDayQuery>) {
  const day = dayOf(usage_logs.created_at)
  return tx
    .select({
      day: day.as('day'),
      operation: usage_logs.operation,
      steps: sql`count(*)`.mapWith(Number),
      tokens_in: sum(usage_logs.tokens_in),
      tokens_out: sum(usage_logs.tokens_out),
      images: sum(usage_logs.images),
      words: sum(usage_logs.words),
      duration_ms: sum(usage_logs.duration_ms),
      cost: sum(usage_logs.cost),
    })
    .from(usage_logs)
    .where(allOf(usageWhere(lately(query))))
    .groupBy(sql`1`, usage_logs.operation)
    .orderBy(sql`1 desc`, usage_logs.operation)
}

/** One row per day (UTC), newest first; the last `DAYS` days by default. */
export function transactionsByDay(tx: Tx, query: z.infer<typeof TransactionByDayQuery>) {
  const total = (kind: (typeof TRANSACTION_KINDS)[number]) =>
    sql`coalesce(sum(${credit_transactions.amount}) filter
      (where ${credit_transactions.transaction_type} = ${sql.raw(`'${kind}'`)}), 0)`.mapWith(Number)
  return tx
    .select({
      day: dayOf(credit_transactions.created_at).as('day'),
      granted: total('grant'),
      held: total('hold'),
      charged: total('charge'),
      released: total('release'),
    })
    .from(credit_transactions)
    .where(allOf(transactionWhere(lately(query))))
    .groupBy(sql`1`)
    .orderBy(sql`1 desc`)
}

function lately<Q extends Period>(query: Q): Q {
  if (query.created_after || query.created_before) return query
  return { ...query, created_after: new Date(Date.now() - DAYS * 86_400_000) }
}

function allOf(conditions: (SQL | undefined)[]): SQL | undefined {
  const some = conditions.filter((one) => one !== undefined)
  return some.length > 0 ? sql.join(some, sql` and `) : undefined
}
