import { z } from 'zod'
import type { Deps } from '../deps.ts'
import { DomainError, type ErrorCode } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import { getProgress, isOver, type Progress } from './run-progress.ts'

/** How long an endpoint waits for the worker before it responds with 202. */
const WAIT_MS = 30_000

/**
 * Resolves when the run has ended, after `limitMs`, or when the process starts to shut down. Commits what
 * the request has written, because a worker could not see the run otherwise.
 */
async function waitForRun(
  deps: Deps,
  caller: Caller,
  runId: number,
  limitMs: number,
): Promise<Progress> {
  await deps.database.commitEarly({ task_id: runId })
  const look = () =>
    deps.database.withAccount(caller.scope, (tx) => getProgress(tx, runId), { readOnly: true })
  const { promise: late, resolve: giveUp } = Promise.withResolvers<unknown>()
  const timer = setTimeout(giveUp, limitMs, true)
  if (deps.draining?.aborted) giveUp(true)
  deps.draining?.addEventListener('abort', giveUp)
  let changed = Promise.withResolvers<void>()
  const unsubscribe = deps.runEvents.subscribe(caller.accountId, runId, () => changed.resolve())
  try {
    for (;;) {
      // Renewed before the read, so that no change in between is missed.
      changed = Promise.withResolvers()
      const progress = await look()
      if (isOver(progress)) return progress
      const tooLate = await Promise.race([changed.promise, late.then(() => true)])
      if (tooLate) return progress
    }
  } finally {
    clearTimeout(timer)
    deps.draining?.removeEventListener('abort', giveUp)
    unsubscribe()
  }
}

const OneStep = z.object({ steps: z.tuple([z.object({ result: z.unknown() })]) })

/**
 * The result of a run's only step, or undefined if it takes longer than an endpoint waits. If the step
 * failed, throws its error with the code `failed`.
 */
export async function resultOfRun(
  deps: Deps,
  caller: Caller,
  runId: number,
  failed: ErrorCode,
): Promise<unknown> {
  const progress = await waitForRun(deps, caller, runId, WAIT_MS)
  if (progress.error) {
    const { code, message } = progress.error
    throw new DomainError(failed, message, { cause_code: code })
  }
  return progress.result ? OneStep.parse(progress.result).steps[0].result : undefined
}
