import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '../../server/observability/logger.ts'

/** Periodic work of the worker. */
export type ScheduledTask = {
  name: string
  /** From the end of one run to the begin of the next. */
  everyMs: number
  /** `leader`: in one worker at a time, since it sweeps what is everybody's. */
  in: 'each worker' | 'leader'
  /** `stopping` is aborted when the worker stops. */
  run(stopping: AbortSignal): Promise<unknown>
}

export type Schedule = {
  /** Begins nothing more and resolves when what runs has ended, at the latest after `patienceMs`. */
  stop(patienceMs: number): Promise<void>
}

/**
 * Runs each task by itself, now and after its interval: a task never overlaps with itself, and one that
 * hangs or throws is in no other's way.
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
