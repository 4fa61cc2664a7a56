import { z } from 'zod'
import type { Tx } from '../../db/database.ts'
import type { RunKind } from '../../db/schema/runs.ts'

/**
 * Raised when the payload changes its meaning. A worker of another release fails such a job without
 * claiming its step, and `jobs/steps/recover-steps.ts` enqueues the step again.
 */
export const PAYLOAD_VERSION = 1

/** The payload of every job: ids only. */
export const StepPayload = z.object({
  version: z.literal(PAYLOAD_VERSION),
  account_id: z.int().min(1),
  step_id: z.int().min(1),
})
export type StepPayload = z.infer<typeof StepPayload>

/** A job's name and limits. Its handler is in `jobs/registry.ts`. */
export type JobContract = {
  name: RunKind
  /** How many of these jobs a worker process runs at the same time for one account. */
  concurrency: number
  /** Seconds before each retry. After the last one the step fails. */
  retryDelays: readonly number[]
}

/** A pending step to enqueue, at once or after some seconds. */
export type QueuedStep = { account_id: number; id: number; kind: RunKind; afterSeconds?: number }

export type Queue = {
  /**
   * Enqueues jobs for steps in the caller's transaction, so that they exist if and only if their data does.
   * Takes two statements per kind for any number of steps. The steps of an account run in the given order,
   * and accounts take turns.
   */
  enqueue(tx: Tx, steps: QueuedStep[]): Promise<void>
}
