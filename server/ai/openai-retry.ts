import { setTimeout as sleep } from 'node:timers/promises'
import { APIError } from 'openai'
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
      const wait = retryAfterMs(error) ?? limits.backoffMs * 2 ** retry * (0.75 + Math.random() / 2)
      const isOver = retry >= limits.retries || performance.now() + wait >= deadline
      if (!failure.retryable || isOver) throw failure
      await pause(wait, signal)
    }
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal })
  } catch (error) {
    throw signal.aborted ? signal.reason : error
  }
}

function retryAfterMs(error: unknown): number | undefined {
  if (error instanceof AiError) return error.retryAfterMs
  return waitAskedFor(error instanceof APIError ? error.headers?.get('retry-after') : undefined)
}

/** The milliseconds that a Retry-After means (RFC 9110: seconds, or a date). */
export function waitAskedFor(value: string | null | undefined): number | undefined {
  if (!value) return undefined
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return Number.isNaN(ms) ? undefined : Math.max(0, ms)
}
