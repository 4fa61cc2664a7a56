import { z } from 'zod'
import type { Deps } from '../deps.ts'
import { DomainError } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import { waitForRun } from '../wait-for-run.ts'

/** How long an endpoint waits for the worker before it answers 202. */
const WAIT_MS = 30_000
const Result = z.object({ steps: z.tuple([z.object({ result: z.unknown() })]) })

/** What the run's one step answered, or undefined when it takes longer; its failure is the caller's error. */
export async function resultOf(deps: Deps, caller: Caller, runId: number): Promise<unknown> {
  const progress = await waitForRun(deps, caller, runId, WAIT_MS)
  if (progress.error) {
    const { code, message } = progress.error
    throw new DomainError('site_check_failed', message, { cause_code: code })
  }
  return progress.result ? Result.parse(progress.result).steps[0].result : undefined
}
