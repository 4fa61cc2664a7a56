import { z } from 'zod'
import type { RunKind } from '../db/schema/system.ts'
import type { Tx } from '../db/tenancy.ts'

/** What every job carries: ids only. */
export const StepPayload = z.object({ account_id: z.int().min(1), step_id: z.int().min(1) })
export type StepPayload = z.infer<typeof StepPayload>

/** A job's name and how it is carried out, apart from its handler, which is in `jobs/registry.ts`. */
export type JobContract = {
  name: RunKind
  payload: typeof StepPayload
  /** How many jobs of it one worker process runs at once. */
  concurrency: number
  /** Seconds to wait before each retry; when they are used up the step has failed. */
  retryDelays: readonly number[]
}

/** Puts a job into the queue in the caller's transaction: it exists exactly when its data do. */
export type Queue = {
  enqueue(tx: Tx, contract: JobContract, payload: StepPayload, afterSeconds?: number): Promise<void>
}
