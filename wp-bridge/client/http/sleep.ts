import { setTimeout as delay } from 'node:timers/promises'

/**
 * Waits, unless `signal` is aborted.
 * @throws the reason of the signal
 */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch((error: unknown) => {
    throw signal?.aborted ? signal.reason : error
  })
}
