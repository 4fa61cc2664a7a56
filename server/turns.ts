import { DomainError } from './errors.ts'

type Limits = {
  /** Pieces of work that run at once. */
  places: number
  /** Of these, how many may be of one `who`. */
  each: number
  /** How many of one `who` may wait for a place. */
  waiting: number
  /** How long one waits for a place. */
  patienceMs: number
  /** What has too many under way, for the error: "passwords are being checked". */
  what: string
}

type Turns = <T>(who: string, work: () => Promise<T>) => Promise<T>

/**
 * Bounds how much work of one kind runs at once, in this process. Work begins in the order in which it
 * came, except that one `who` has no more than its own share of the places. Throws `overloaded` for
 * work past what may wait, and for work that waited too long.
 */
export function takeTurns({ places, each, waiting, patienceMs, what }: Limits): Turns {
  const running = new Map<string, number>()
  const queue: { who: string; begin: () => void }[] = []
  let taken = 0
  const isFree = (who: string) => taken < places && (running.get(who) ?? 0) < each
  const full = () =>
    new DomainError('overloaded', `Too many ${what} at once. Send the request again in a moment.`, {
      headers: { 'retry-after': '5' },
    })

  function take(who: string): void {
    taken++
    running.set(who, (running.get(who) ?? 0) + 1)
  }

  function giveBack(who: string): void {
    taken--
    const left = (running.get(who) ?? 0) - 1
    if (left > 0) running.set(who, left)
    else running.delete(who)
    const at = queue.findIndex((next) => isFree(next.who))
    if (at < 0) return
    const [next] = queue.splice(at, 1)
    take(next!.who)
    next!.begin()
  }

  async function wait(who: string): Promise<void> {
    if (queue.filter((one) => one.who === who).length >= waiting) throw full()
    const place = Promise.withResolvers<void>()
    const waiter = { who, begin: place.resolve }
    const patience = setTimeout(() => {
      queue.splice(queue.indexOf(waiter), 1)
      place.reject(full())
    }, patienceMs)
    queue.push(waiter)
    await place.promise.finally(() => clearTimeout(patience))
  }

  return async (who, work) => {
    if (isFree(who)) take(who)
    else await wait(who)
    try {
      return await work()
    } finally {
      giveBack(who)
    }
  }
}
