import type { Deps } from './deps.ts'
import type { Caller } from './http/caller.ts'
import { getProgress, isOver, type Progress } from './run-progress.ts'

/**
 * Resolves when the run has ended, or with how it stands after `limitMs`. What the request wrote so
 * far is committed, or no worker would see the run.
 */
export async function waitForRun(
  deps: Deps,
  caller: Caller,
  runId: number,
  limitMs: number,
): Promise<Progress> {
  await deps.doors.commitEarly({ task_id: runId })
  const look = () =>
    deps.doors.withAccount(caller.scope, (tx) => getProgress(tx, runId), { readOnly: true })
  const { promise: late, resolve: giveUp } = Promise.withResolvers<void>()
  const timer = setTimeout(giveUp, limitMs)
  let changed = Promise.withResolvers<void>()
  const unsubscribe = deps.runEvents.subscribe(caller.accountId, runId, () => changed.resolve())
  try {
    for (;;) {
      // Renewed before looking: a change in between is not missed.
      changed = Promise.withResolvers()
      const progress = await look()
      if (isOver(progress)) return progress
      const tooLate = await Promise.race([changed.promise, late.then(() => true)])
      if (tooLate) return progress
    }
  } finally {
    clearTimeout(timer)
    unsubscribe()
  }
}
