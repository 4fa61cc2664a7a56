import { AsyncLocalStorage } from 'node:async_hooks'
import type { Level } from './request-transaction.ts'
import type { Lent } from './transaction-connection.ts'

/** What one request asked of the database: statements sent, and the milliseconds it waited for any. */
export class QueryTally {
  queries = 0
  ms = 0
  #under = 0
  #began = 0

  /** Counts a query from now to its end. Queries under way at once count their time once. */
  add<Q extends PromiseLike<unknown>>(query: Q): Q {
    this.queries++
    if (this.#under++ === 0) this.#began = performance.now()
    const ended = () => {
      if (--this.#under === 0) this.ms += performance.now() - this.#began
    }
    query.then(ended, ended)
    return query
  }
}

/** What the code that runs belongs to. */
type Ambient = {
  tally?: QueryTally
  level?: Level | undefined
  /** The connection of the transaction around: while it is held no other may be waited for. */
  held?: Lent
  /** When the request began to wait, if that was before it asked for a connection. */
  waitingSince?: number
}

const storage = new AsyncLocalStorage<Ambient>()

export const ambient = (): Ambient => storage.getStore() ?? {}

/** Runs `fn`, and all it leads to, with `change` known. */
export function within<T>(change: Ambient, fn: () => T): T {
  return storage.run({ ...ambient(), ...change }, fn)
}
