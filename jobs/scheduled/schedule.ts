import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '../../server/observability/logger.ts'

/** Periodic work of the worker. */
export type ScheduledTask = {
  name: string
  /** Milliseconds from the end of one run to the start of the next. */
  everyMs: number
  /** `leader`: runs in one worker at a time. */
  in: 'each worker' | 'leader'
  /** `stopping` is aborted when the worker stops. */
  run(stopping: AbortSignal): Promise<unknown>
}

export type Schedule = {
  /** Starts nothing more, and resolves when running tasks have ended, at the latest after `patienceMs`. */
  stop(patienceMs: number): Promise<void>
}

/**
 * Runs each task independently, now and after its interval. A task never overlaps with itself, and one that
 * hangs or throws does not affect the others.
 */
export function startSchedule(
  tasks: ScheduledTask[],
  { isLeader, logger }: { isLeader: () => boolean; logger: Logger },
): Schedule {
  const stopping = new AbortController()
  const { signal } = stopping
  const repeat = async ({ name, everyMs, in: where, run }: ScheduledTask): Promise<void> => {
    while (!signal.aborted) {
      if (where === 'each worker' || isLeader()) {
        await run(signal).catch((error: unknown) => {
          logger.error({ err: error, task: name }, 'a scheduled task failed')
        })
      }
      await delay(everyMs, undefined, { signal }).catch(() => undefined)
    }
  }
  const running = Promise.all(tasks.map(repeat))
  return {
    async stop(patienceMs) {
      stopping.abort()
      const late = delay(patienceMs, undefined, { ref: false })
      await Promise.race([running, late])
    },
  }
}
