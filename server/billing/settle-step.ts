import { sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { usage_logs } from '../../db/schema/billing.ts'
import type { run_steps } from '../../db/schema/runs.ts'
import { releaseCredits, settleCredits } from './credits.ts'
import { type Made, settleReservation } from './usage-limits.ts'

type Step = Pick<
  typeof run_steps.$inferSelect,
  'account_id' | 'id' | 'run_id' | 'kind' | 'price' | 'reserved' | 'updated_at'
>

/** What a step used of a provider; tokens and images are summed over its calls. */
export type Usage = {
  provider: string
  model: string
  tokens_in: number
  tokens_out: number
  images?: number
  words?: number
}

/** Charges what a step produced, releases the rest and logs its usage. */
export async function settleSuccess(
  tx: Tx,
  step: Step,
  done: { charge: number; usage?: Usage },
): Promise<void> {
  const { charge, usage } = done
  await settle(tx, step, charge, { charge, ...usage })
  if (!usage) return
  const { provider, model, tokens_in, tokens_out, images = 0, words = 0 } = usage
  await tx.insert(usage_logs).values({
    account_id: step.account_id,
    run_id: step.run_id,
    step_id: step.id,
    operation: step.kind,
    ...{ provider, model },
    tokens_in: counted(tokens_in),
    tokens_out: counted(tokens_out),
    images,
    words,
    duration_ms: sql`least(extract(epoch from clock_timestamp() - ${step.updated_at.toISOString()}::timestamptz) * 1000, 2147483647)::int`,
    cost: charge,
  })
}

/** Clamps a token count, which the provider reports, to what its column can hold. */
const counted = (tokens: number) => Math.min(Math.max(Math.trunc(tokens) || 0, 0), 2_147_483_647)

/**
 * Releases everything that failed or cancelled steps of an account held. Takes a fixed number of statements
 * for any number of steps.
 */
export async function settleFailures(tx: Tx, accountId: number, steps: Step[]): Promise<void> {
  await releaseCredits(tx, accountId, steps)
  const reserved = steps.flatMap((step) => step.reserved)
  await settleReservation(tx, accountId, reserved, null)
}

async function settle(tx: Tx, step: Step, charge: number, made: Made): Promise<void> {
  await settleCredits(tx, {
    accountId: step.account_id,
    runId: step.run_id,
    stepId: step.id,
    held: step.price,
    charge,
    // No text of the account, because the ledger is kept after the account is erased.
    description: step.kind,
  })
  await settleReservation(tx, step.account_id, step.reserved, made)
}
