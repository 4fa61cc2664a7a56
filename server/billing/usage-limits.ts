import { and, eq, sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { accounts, plans } from '../../db/schema/accounts.ts'
import { usage_counters } from '../../db/schema/billing.ts'
import type { Reservation, RunKind } from '../../db/schema/runs.ts'
import { planLimitReached } from '../http/plan-limit-errors.ts'
import { IMAGE_PRICE } from './prices.ts'

/** The estimate for an article until it is written. */
const WORDS_PER_ARTICLE = 1_500

/** Limits that reset, by period; each is a column of the plan. Days and months are in UTC. */
const PERIODS = {
  daily_ai_requests: 'day',
  daily_cluster_limit: 'day',
  daily_content_tasks: 'day',
  daily_image_generation_limit: 'day',
  monthly_cluster_ai_credits: 'month',
  monthly_content_ai_credits: 'month',
  monthly_image_ai_credits: 'month',
  monthly_image_count: 'month',
  monthly_word_count_limit: 'month',
} as const
type Metric = keyof typeof PERIODS
type Amounts = Partial<Record<Metric, number>>

/** What a successful step actually used. */
export type Made = { charge: number; words?: number; images?: number }

/** What a step reserves of the plan's limits before its result is known. */
function amountsOf({ kind, price }: { kind: RunKind; price: number }): Amounts {
  const images = price / IMAGE_PRICE
  const ofImages = {
    monthly_image_count: images,
    daily_image_generation_limit: images,
    monthly_image_ai_credits: price,
  }
  switch (kind) {
    case 'cluster_keywords':
      return { daily_ai_requests: 1, daily_cluster_limit: 1, monthly_cluster_ai_credits: price }
    case 'generate_ideas':
      return { daily_ai_requests: 1, monthly_cluster_ai_credits: price }
    case 'generate_content':
      return {
        daily_ai_requests: 1,
        daily_content_tasks: 1,
        monthly_content_ai_credits: price,
        monthly_word_count_limit: WORDS_PER_ARTICLE,
      }
    case 'generate_images':
      return { daily_ai_requests: 1 + images, ...ofImages }
    case 'test_image':
      return { daily_ai_requests: 1, ...ofImages }
    default:
      return {}
  }
}

/**
 * Reserves what steps need of the plan's daily and monthly limits; returns the reservation of each step.
 * The caller must have locked the account's row.
 * @throws DomainError `plan_limit_reached`
 */
export async function reserve(
  tx: Tx,
  accountId: number,
  steps: { kind: RunKind; price: number }[],
): Promise<Reservation[][]> {
  const wanted = steps.map(amountsOf)
  const totals = totalOf(wanted)
  if (Object.keys(totals).length === 0) return steps.map(() => [])
  const used = await add(tx, accountId, reservationsOf(totals))
  const limits = await limitsOf(tx, accountId)
  for (const { metric, used: now } of used) {
    if (now > limits[metric]) throw planLimitReached(metric, limits[metric], resetsAt(metric))
  }
  return wanted.map(reservationsOf)
}

/** Settles a step's reservation: what it did not use, or everything if it failed, becomes available again. */
export async function settleReservation(
  tx: Tx,
  accountId: number,
  reserved: Reservation[],
  made: Made | null,
): Promise<void> {
  const changes = reserved
    .map(({ metric, period_start, amount }) => {
      const actual = made ? usedOf(metric as Metric, amount, made) : 0
      return { metric, period_start, amount: actual - amount }
    })
    .filter(({ amount }) => amount !== 0)
  await add(tx, accountId, summed(changes))
}

export type LimitUse = { limit: Metric; limit_value: number; used: number; resets_at: string }

/** The limits that `steps` would exceed now. */
export async function limitsPassedBy(
  tx: Tx,
  accountId: number,
  steps: { kind: RunKind; price: number }[],
): Promise<LimitUse[]> {
  const totals = reservationsOf(totalOf(steps.map(amountsOf)))
  const rows = await tx
    .select()
    .from(usage_counters)
    .where(eq(usage_counters.account_id, accountId))
  const limits = await limitsOf(tx, accountId)
  return totals.flatMap(({ metric: name, period_start, amount }) => {
    const metric = name as Metric
    const row = rows.find((one) => one.metric === metric && one.period_start === period_start)
    const used = row?.used ?? 0
    if (used + amount <= limits[metric]) return []
    return { limit: metric, limit_value: limits[metric], used, resets_at: resetsAt(metric) }
  })
}

function usedOf(metric: Metric, amount: number, { charge, words, images }: Made): number {
  if (metric === 'monthly_word_count_limit') return words ?? amount
  if (metric === 'monthly_image_count' || metric === 'daily_image_generation_limit') {
    return images ?? amount
  }
  return metric.endsWith('_ai_credits') ? charge : amount
}

function totalOf(list: Amounts[]): Amounts {
  const totals: Amounts = {}
  for (const amounts of list) {
    for (const [name, amount] of Object.entries(amounts)) {
      totals[name as Metric] = (totals[name as Metric] ?? 0) + amount
    }
  }
  return totals
}

/** Sorted, so that all transactions lock counters in the same order. */
function reservationsOf(amounts: Amounts): Reservation[] {
  return Object.entries(amounts)
    .filter(([, amount]) => amount > 0)
    .map(([metric, amount]) => ({
      metric,
      period_start: periodStart(metric as Metric)
        .toISOString()
        .slice(0, 10),
      amount,
    }))
    .sort((a, b) => a.metric.localeCompare(b.metric))
}

/** Merges the changes of each counter, because a statement cannot update a row twice. */
function summed(changes: Reservation[]): Reservation[] {
  const counters = Map.groupBy(changes, ({ metric, period_start }) => `${metric} ${period_start}`)
  return [...counters.values()].map((ofOne) => ({
    ...ofOne[0]!,
    amount: ofOne.reduce((sum, { amount }) => sum + amount, 0),
  }))
}

async function add(tx: Tx, account_id: number, changes: Reservation[]) {
  if (changes.length === 0) return []
  const rows = await tx
    .insert(usage_counters)
    .values(changes.map(({ amount, ...counter }) => ({ account_id, ...counter, used: amount })))
    .onConflictDoUpdate({
      target: [usage_counters.account_id, usage_counters.metric, usage_counters.period_start],
      set: { used: sql`greatest(${usage_counters.used} + excluded.used, 0)` },
    })
    .returning({ metric: usage_counters.metric, used: usage_counters.used })
  return rows as { metric: Metric; used: number }[]
}

async function limitsOf(tx: Tx, accountId: number): Promise<Record<Metric, number>> {
  const [row] = await tx
    .select({ plan: plans })
    .from(plans)
    .innerJoin(accounts, and(eq(accounts.plan_id, plans.id), eq(accounts.id, accountId)))
  return row!.plan
}

function periodStart(metric: Metric, ahead = 0): Date {
  const now = new Date()
  const [year, month, day] = [now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()]
  return PERIODS[metric] === 'day'
    ? new Date(Date.UTC(year, month, day + ahead))
    : new Date(Date.UTC(year, month + ahead, 1))
}

const resetsAt = (metric: Metric): string => periodStart(metric, 1).toISOString()
