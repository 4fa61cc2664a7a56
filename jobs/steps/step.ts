import { and, eq, sql } from 'drizzle-orm'
import type { Database, Scope, Tx } from '../../db/database.ts'
import { type ProgressEntry, type RunKind, run_steps, runs } from '../../db/schema/runs.ts'
import type { AiProvider } from '../../server/ai/provider.ts'
import type { Usage } from '../../server/billing/settle-step.ts'
import type { EgressInit } from '../../server/egress/egress.ts'
import type { GoogleUrls } from '../../server/google/google-urls.ts'
import type { MediaStore } from '../../server/media/media.ts'
import type { Logger } from '../../server/observability/logger.ts'
import type { Queue } from '../../server/runs/queue.ts'
import type { Secrets } from '../../server/security/secrets.ts'
import { shortened } from './short-texts.ts'

/** How an attempt at a step ended. */
export type StepOutcome = 'succeeded' | 'failed' | 'retried' | 'held'

/** What the worker passes to handlers. */
export type WorkerDeps = {
  database: Database
  queue: Queue
  secrets: Secrets
  media: MediaStore
  logger: Logger
  /** Called with the outcome and the duration in seconds of each attempt. */
  stepEnded(kind: RunKind, outcome: StepOutcome, seconds: number): void
  /** The guarded HTTP client. */
  fetch: (url: string, init?: EgressInit) => Promise<Response>
  googleUrls: GoogleUrls
  /** The account's provider; `local` if nothing is configured. */
  aiProvider(scope: Scope): Promise<AiProvider>
  /**
   * How long WordPress may still process a request whose response was lost, in milliseconds. Nothing is
   * created again before that.
   */
  settleMs: number
}

export type Step = typeof run_steps.$inferSelect

/** A failure that is retried after the contract's next delay. After the last one the step fails. */
export class RetryableError extends Error {
  readonly code: string
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** A failure that is not retried. The caller sees its code and message. */
export class StepError extends Error {
  readonly code: string
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Not a failure: a remote outcome is not known yet and is polled again later. */
export class PollLater extends Error {
  readonly code: string
  readonly afterMs: number
  /** Counts as one of the contract's retries, because the request was sent and may be sent again. */
  readonly spendsRetry: boolean
  constructor(
    code: string,
    message: string,
    afterMs: number,
    { spendsRetry = false, ...options }: ErrorOptions & { spendsRetry?: boolean } = {},
  ) {
    super(message, options)
    this.code = code
    this.afterMs = afterMs
    this.spendsRetry = spendsRetry
  }
}

/** Not a failure: the handler has put the step on hold with `holdStep`. */
export class StepOnHold extends Error {}

/** Another worker has claimed the step, or it has ended, so this attempt must not write any more. */
export class StaleAttemptError extends Error {
  constructor() {
    super('another worker has taken over this step')
  }
}

/** The result of a handler, which is written in one transaction. */
export type StepDone = {
  /** Credits spent, at most the step's price. Default: its price. */
  charge?: number
  /** The usage of a provider, which is logged. */
  usage?: Usage
  result: Record<string, unknown>
  /** One sentence on what was done, for the run's progress. */
  message: string
  /** The writes of the domain. */
  write?: (tx: Tx) => Promise<void>
}

/** One attempt at a step. Handlers may read and call services freely, but write only through it. */
export class StepJob {
  readonly step: Step
  readonly deps: WorkerDeps
  readonly scope: Scope
  /** Aborted when the worker must stop. The step then returns to the queue. */
  readonly signal: AbortSignal

  constructor(step: Step, deps: WorkerDeps, signal: AbortSignal) {
    this.step = step
    this.deps = deps
    this.scope = { accountId: step.account_id }
    this.signal = signal
  }

  read<T>(fn: (tx: Tx) => Promise<T>): Promise<T> {
    return this.deps.database.withAccount(this.scope, fn, { readOnly: true })
  }

  /** Runs `fn` in a transaction that fails if this is no longer the step's current attempt. */
  write<T>(fn: (tx: Tx) => Promise<T>): Promise<T> {
    return this.deps.database.withAccount(this.scope, async (tx) => {
      await fence(tx, this.step)
      return fn(tx)
    })
  }

  /** Updates the run's progress. `current` counts units and is only for runs with one step. */
  async progress(update: { phase: RunKind; message: string; current?: number }): Promise<void> {
    await this.write((tx) => updateRun(tx, this.step, update))
  }

  /** Stores partial results for the next attempt, which finds them in `step.checkpoint`. */
  async checkpoint(checkpoint: Record<string, unknown>): Promise<void> {
    await this.write((tx) =>
      tx.update(run_steps).set({ checkpoint }).where(eq(run_steps.id, this.step.id)),
    )
  }

  /** Records a request to a provider or a site. */
  async requested(step: string, message: string): Promise<void> {
    await this.write((tx) => appendEntry(tx, this.step, 'request_steps', step, message))
  }

  /** Records its response. */
  async responded(step: string, message: string): Promise<void> {
    await this.write((tx) => appendEntry(tx, this.step, 'response_steps', step, message))
  }
}

/** Locks the step and throws unless `step` is its current attempt. */
export async function fence(tx: Tx, step: Step): Promise<void> {
  const [current] = await tx
    .select({ id: run_steps.id })
    .from(run_steps)
    .where(
      and(
        eq(run_steps.id, step.id),
        eq(run_steps.attempt, step.attempt),
        eq(run_steps.state, 'running'),
      ),
    )
    .for('update')
  if (!current) throw new StaleAttemptError()
}

async function updateRun(
  tx: Tx,
  step: Step,
  update: { phase: RunKind; message: string; current?: number },
): Promise<void> {
  await tx
    .update(runs)
    .set({
      ...update,
      message: shortened(update.message),
      state: 'PROGRESS',
      updated_at: sql`now()`,
    })
    .where(eq(runs.id, step.run_id))
}

const KEPT_ENTRIES = 100

async function appendEntry(
  tx: Tx,
  step: Step,
  list: 'request_steps' | 'response_steps',
  name: string,
  message: string,
): Promise<void> {
  const at = new Date().toISOString()
  const entry: ProgressEntry = { at, step: name, message: shortened(message) }
  await tx
    .update(runs)
    .set({
      // The newest are kept.
      [list]: sql`(select coalesce(jsonb_agg(value order by position), '[]') from (
        select value, position from jsonb_array_elements(${runs[list]} || ${JSON.stringify([entry])}::jsonb)
          with ordinality as entries (value, position)
        order by position desc limit ${KEPT_ENTRIES}) as kept)`,
      updated_at: sql`now()`,
    })
    .where(eq(runs.id, step.run_id))
}

/** Runs one attempt. Returns what to write, or throws one of the errors above. */
export type StepHandler = (job: StepJob) => Promise<StepDone>
