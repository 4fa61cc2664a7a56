import { z } from 'zod'
import type { Tx } from '../../db/database.ts'
import type { RunKind } from '../../db/schema/runs.ts'

/** What every job carries: ids only. */
export const StepPayload = z.object({ account_id: z.int().min(1), step_id: z.int().min(1) })
export type StepPayload = z.infer<typeof StepPayload>

/** A job's name and how it is carried out, apart from its handler, which is in `jobs/registry.ts`. */
export type JobContract = {
  name: RunKind
  /** How many jobs of it one worker process runs at once for one account. */
  concurrency: number
  /** Seconds to wait before each retry; when they are used up the step has failed. */
  retryDelays: readonly number[]
}

/** A pending step for which a worker is to be woken, at once or after some seconds. */
export type QueuedStep = { account_id: number; id: number; kind: RunKind; afterSeconds?: number }

export type Queue = {
  /**
   * Puts jobs for steps into the queue in the caller's transaction: they exist exactly when their data
   * do. Costs two statements for the steps of one kind, however many they are. The steps of an account
   * run in the order given, and the accounts take turns.
   */
  enqueue(tx: Tx, steps: QueuedStep[]): Promise<void>
}
