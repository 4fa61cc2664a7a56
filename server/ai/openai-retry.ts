import { APIError } from 'openai'
import { retryAfterMs } from '../../wp-bridge/client/http/retry-after.ts'
import { sleep } from '../../wp-bridge/client/http/sleep.ts'
import { aiErrorOf, type Endpoint, timedOut } from './openai-error.ts'
import { AiError } from './provider.ts'

export type Limits = {
  /** The hard limit of a call with its retries and their waits. */
  timeoutMs: number
  retries: number
  /** The first wait where the server names none; each further one is twice as long. */
  backoffMs: number
}

export const DEFAULT_LIMITS: Limits = { timeoutMs: 120_000, retries: 3, backoffMs: 1000 }

/**
 * Makes a call and, while the server is busy or away, makes it again. A wait that the server asks
 * for (Retry-After) is kept to; one past the time limit ends the call at once. Throws an `AiError`,
 * or the signal's reason when the caller aborted.
 */
export async function withRetries<T>(
  action: (signal: AbortSignal) => Promise<T>,
  { endpoint, limits, signal }: { endpoint: Endpoint; limits: Limits; signal: AbortSignal },
): Promise<T> {
  const deadline = performance.now() + limits.timeoutMs
  const limit = AbortSignal.timeout(limits.timeoutMs)
  const either = AbortSignal.any([signal, limit])
  for (let retry = 0; ; retry++) {
    signal.throwIfAborted()
    try {
      return await action(either)
    } catch (error) {
      signal.throwIfAborted()
      if (limit.aborted) throw timedOut(endpoint)
      const failure = aiErrorOf(error, endpoint)
      const wait = waitAskedFor(error) ?? limits.backoffMs * 2 ** retry * (0.75 + Math.random() / 2)
      const isOver = retry >= limits.retries || performance.now() + wait >= deadline
      if (!failure.retryable || isOver) throw failure
      await sleep(wait, signal)
    }
  }
}

function waitAskedFor(error: unknown): number | undefined {
  if (error instanceof AiError) return error.retryAfterMs
  return error instanceof APIError && error.headers ? retryAfterMs(error.headers) : undefined
}
