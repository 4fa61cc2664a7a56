import { DomainError, RETRY_SECONDS } from '../errors.ts'

type Limits = {
  /** Units of work that run at the same time. */
  places: number
  /** The most of these for one `who`. */
  each: number
  /** How many of one `who` may wait for a place. */
  waiting: number
  /** How long work waits for a place. */
  patienceMs: number
  /** Longer than any piece of work takes. */
  longestMs: number
  /** Names the work in the error message: "password checks". */
  what: string
  /** `rate_limited` when the limit is the caller's own. */
  code?: 'overloaded' | 'rate_limited'
}

type Limiter = <T>(who: string, work: () => Promise<T>) => Promise<T>
type Slot = { who: string; endsAt: number }

/**
 * Limits how much work of one kind runs at the same time in this process. Work starts in the order of
 * arrival, but each `who` gets at most `each` of the places. Throws `code` when the queue is full
 * or the wait was too long. A place is free again after `longestMs` in any case: on Workers, a request
 * whose client disconnects never runs its `finally`.
 */
export function limitConcurrency(limits: Limits): Limiter {
  const { places, each, waiting, patienceMs, longestMs, what } = limits
  const { code = 'overloaded' } = limits
  const running = new Set<Slot>()
  const queue = new Set<Slot & { begin(slot: Slot): void }>()
  const full = () =>
    new DomainError(code, `Too many ${what} at once. Send the request again in a few seconds.`, {
      headers: { 'retry-after': RETRY_SECONDS },
    })

  const countOf = (who: string, among: Set<Slot>) =>
    [...among].filter((one) => one.who === who).length

  function take(who: string): Slot | undefined {
    if (running.size >= places || countOf(who, running) >= each) return undefined
    const slot = { who, endsAt: Date.now() + longestMs }
    running.add(slot)
    return slot
  }

  function forgetEnded(): void {
    const now = Date.now()
    for (const one of running) if (one.endsAt < now) running.delete(one)
    for (const one of queue) if (one.endsAt < now) queue.delete(one)
  }

  /** Starts the longest-waiting work that may have a place. */
  function beginNext(): void {
    for (const next of queue) {
      const slot = take(next.who)
      if (!slot) continue
      queue.delete(next)
      next.begin(slot)
    }
  }

  async function wait(who: string): Promise<Slot> {
    if (countOf(who, queue) >= waiting) throw full()
    const { promise, resolve, reject } = Promise.withResolvers<Slot>()
    const waiter = { who, endsAt: Date.now() + patienceMs, begin: resolve }
    const patience = setTimeout(() => {
      queue.delete(waiter)
      reject(full())
    }, patienceMs)
    queue.add(waiter)
    return promise.finally(() => clearTimeout(patience))
  }

  return async (who, work) => {
    forgetEnded()
    beginNext()
    const slot = take(who) ?? (await wait(who))
    try {
      return await work()
    } finally {
      running.delete(slot)
      beginNext()
    }
  }
}
