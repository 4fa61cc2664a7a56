import { setImmediate } from 'node:timers/promises'

/** How long a computation may hold the event loop, in milliseconds. */
const LONGEST_STRETCH = 12

export type Pace = {
  /** True once the event loop has waited long enough: then `await rest()`. Cheap enough for any loop. */
  due(): boolean
  /** Lets everything else run; throws the signal's reason when it was aborted. */
  rest(): Promise<void>
}

/** Keeps a long computation from blocking the other work of its process, and lets it be cancelled. */
export function keepPace(signal: AbortSignal): Pace {
  signal.throwIfAborted()
  let since = performance.now()
  return {
    due: () => performance.now() - since > LONGEST_STRETCH,
    async rest() {
      await setImmediate()
      signal.throwIfAborted()
      since = performance.now()
    },
  }
}
