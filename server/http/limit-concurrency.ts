import { DomainError, RETRY_SECONDS } from '../errors.ts'

type Limits = {
  /** Pieces of work that run at once. */
  places: number
  /** Of these, how many may be of one `who`. */
  each: number
  /** How many of one `who` may wait for a place. */
  waiting: number
  /** How long one waits for a place. */
  patienceMs: number
  /** Longer than any piece of work takes. */
  longestMs: number
  /** What has too many under way, for the error: "passwords are being checked". */
  what: string
  /** `rate_limited` where it is the caller who has too many. */
  code?: 'overloaded' | 'rate_limited'
}

type Turns = <T>(who: string, work: () => Promise<T>) => Promise<T>
type Place = { who: string; endsAt: number }

/**
 * Bounds how much work of one kind runs at once, in this process. Work begins in the order in which it
 * came, except that one `who` has no more than its own share of the places. Throws `code` for work
 * past what may wait, and for work that waited too long. A place is free again after `longestMs`,
 * whatever became of its work: on Workers a request whose caller goes away ends without a word.
 */
export function takeTurns(limits: Limits): Turns {
  const { places, each, waiting, patienceMs, longestMs, what } = limits
  const { code = 'overloaded' } = limits
  const running = new Set<Place>()
  const queue = new Set<Place & { begin(place: Place): void }>()
  const full = () =>
    new DomainError(code, `Too many ${what} at once. Send the request again in a moment.`, {
      headers: { 'retry-after': RETRY_SECONDS },
    })

  const countOf = (who: string, among: Set<Place>) =>
    [...among].filter((one) => one.who === who).length

  function take(who: string): Place | undefined {
    if (running.size >= places || countOf(who, running) >= each) return undefined
    const place = { who, endsAt: Date.now() + longestMs }
    running.add(place)
    return place
  }

  function forgetEnded(): void {
    const now = Date.now()
    for (const one of running) if (one.endsAt < now) running.delete(one)
    for (const one of queue) if (one.endsAt < now) queue.delete(one)
  }

  /** Begins what waited longest, of those who may have a place. */
  function beginNext(): void {
    for (const next of queue) {
      const place = take(next.who)
      if (!place) continue
      queue.delete(next)
      next.begin(place)
    }
  }

  async function wait(who: string): Promise<Place> {
    if (countOf(who, queue) >= waiting) throw full()
    const { promise, resolve, reject } = Promise.withResolvers<Place>()
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
    const place = take(who) ?? (await wait(who))
    try {
      return await work()
    } finally {
      running.delete(place)
      beginNext()
    }
  }
}
