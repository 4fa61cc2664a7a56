import { sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { type RunKind, run_steps, runs } from '../../db/schema/runs.ts'
import { holdCredits } from '../billing/credits.ts'
import { reserve } from '../billing/usage-limits.ts'
import type { Deps } from '../deps.ts'
import { DomainError } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import { audit } from '../observability/audit.ts'
import type { JobContract, Queue } from './queue.ts'

/** Kinds that the service repeats by itself; they are not audited, because they would fill the audit log. */
const UNRECORDED: RunKind[] = ['probe_wordpress', 'verify_post']

export type NewStep = {
  contract: JobContract
  objectId: number
  price: number
  params?: Record<string, unknown>
  /** The index, in the same list, of the step that must succeed first. */
  after?: number
}

/** The plan of a run: its steps and their prices. */
export type RunPlan = {
  kind: RunKind
  siteId: number | null
  params: Record<string, unknown>
  steps: NewStep[]
  /** Units of progress; one per step by default. */
  total?: number
}

/** Plans a run and accepts it, in one transaction. Returns the run's id. */
export function startRun(
  deps: Deps,
  caller: Caller,
  plan: (tx: Tx) => Promise<RunPlan>,
): Promise<number> {
  return deps.database.withAccount(caller.scope, async (tx) =>
    acceptRun(tx, deps.queue, caller, await plan(tx)),
  )
}

/**
 * Accepts a run: inserts it and its steps, holds their credits, enqueues the steps that can start, and
 * writes the audit entry, all in the caller's transaction. Returns the run's id, which the API calls
 * `task_id`. Throws `insufficient_credits`, `plan_limit_reached`, or `already_running` if another run is
 * working on one of the objects.
 */
export async function acceptRun(
  tx: Tx,
  queue: Queue,
  caller: Caller,
  run: RunPlan,
): Promise<number> {
  const { accountId } = caller
  const quote = run.steps.reduce((sum, step) => sum + step.price, 0)
  const [accepted] = await tx
    .insert(runs)
    .values({
      account_id: accountId,
      site_id: run.siteId,
      kind: run.kind,
      params: run.params,
      quote,
      total: run.total ?? run.steps.length,
      message: 'Waiting for a worker',
      created_by_id: caller.userId,
    })
    .returning({ id: runs.id })
  const runId = accepted!.id
  const steps = await insertSteps(tx, accountId, runId, run.steps)
  await holdCredits(tx, { accountId, runId, description: run.kind, steps })
  await reserveLimits(tx, accountId, run.steps, steps)
  // One statement per kind: a run may have a thousand steps, and the account's row is locked.
  const first = steps.flatMap(({ id }, index) => {
    const { contract, after } = run.steps[index]!
    return after === undefined ? [{ account_id: accountId, id, kind: contract.name }] : []
  })
  await queue.enqueue(tx, first)
  if (UNRECORDED.includes(run.kind)) return runId
  await audit(tx, caller, `run.${run.kind}`, {
    object: { type: 'run', id: runId },
    detail: { quote, steps: steps.length },
  })
  return runId
}

async function insertSteps(tx: Tx, accountId: number, runId: number, steps: NewStep[]) {
  const inserted: { id: number; price: number }[] = []
  // Level by level, because a step refers to the id of the one before it.
  for (const [level, indexes] of levels(steps)) {
    const rows = await tx
      .insert(run_steps)
      .values(
        indexes.map((index) => {
          const step = steps[index]!
          return {
            account_id: accountId,
            run_id: runId,
            kind: step.contract.name,
            object_id: step.objectId,
            after_step_id: step.after === undefined ? null : inserted[step.after]!.id,
            state: level === 0 ? ('pending' as const) : ('waiting' as const),
            price: step.price,
            params: step.params ?? {},
          }
        }),
      )
      .onConflictDoNothing()
      .returning({ id: run_steps.id, price: run_steps.price, object_id: run_steps.object_id })
    if (rows.length < indexes.length) throw alreadyRunning(rows, indexes, steps)
    indexes.forEach((index, at) => {
      inserted[index] = rows[at]!
    })
  }
  return inserted
}

/** Must follow the hold of credits, which locks the account's row. */
async function reserveLimits(
  tx: Tx,
  accountId: number,
  planned: NewStep[],
  steps: { id: number }[],
): Promise<void> {
  const kinds = planned.map(({ contract, price }) => ({ kind: contract.name, price }))
  const reserved = await reserve(tx, accountId, kinds)
  const some = steps.flatMap(({ id }, index) =>
    reserved[index]!.length > 0 ? { id, reserved: reserved[index]! } : [],
  )
  if (some.length === 0) return
  await tx.execute(sql`update ${run_steps} set reserved = new.reserved
    from jsonb_to_recordset(${JSON.stringify(some)}::jsonb) as new (id bigint, reserved jsonb)
    where ${run_steps.account_id} = ${accountId} and ${run_steps.id} = new.id`)
}

function levels(steps: NewStep[]): Map<number, number[]> {
  const found = new Map<number, number[]>()
  const levelOf = (step: NewStep): number =>
    step.after === undefined ? 0 : 1 + levelOf(steps[step.after]!)
  steps.forEach((step, index) => {
    const level = levelOf(step)
    found.set(level, [...(found.get(level) ?? []), index])
  })
  for (const indexes of found.values()) {
    // Sorted, so that concurrent runs insert steps of the same objects in the same order and do not deadlock.
    indexes.sort((a, b) => steps[a]!.objectId - steps[b]!.objectId)
  }
  return found
}

function alreadyRunning(rows: { object_id: number }[], indexes: number[], steps: NewStep[]) {
  const taken = new Set(rows.map((row) => row.object_id))
  const busy = indexes.map((index) => steps[index]!.objectId).filter((id) => !taken.has(id))
  return new DomainError(
    'already_running',
    `A run of this kind is already in progress for ${busy.slice(0, 20).join(', ')}. Wait for it, or cancel it.`,
  )
}
