import { setTimeout as delay } from 'node:timers/promises'

type Falsy = false | null | undefined | 0 | ''

const PAUSE_MS = 50

/**
 * Calls `probe` until it returns something truthy, and returns that. `what` names the awaited event;
 * `within` is in milliseconds.
 * @throws when the event has not happened by then, and at once with what `probe` throws
 */
export async function until<T>(
  probe: () => T | Falsy | Promise<T | Falsy>,
  { what, within = 90_000 }: { what: string; within?: number },
): Promise<T> {
  const deadline = performance.now() + within
  for (;;) {
    const found = await probe()
    if (found) return found
    if (performance.now() >= deadline) {
      throw new Error(`${what} did not happen within ${within / 1000} s`)
    }
    await delay(PAUSE_MS)
  }
}
