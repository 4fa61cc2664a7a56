import { AsyncLocalStorage } from 'node:async_hooks'
import type { Savepoint } from './request-transaction.ts'
import type { TransactionConnection } from './transaction-connection.ts'

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

/** What the running code belongs to. */
type RequestContext = {
  tally?: QueryTally
  savepoint?: Savepoint | undefined
  /** The connection of the enclosing transaction. While it is held, the code must not wait for another. */
  connection?: TransactionConnection
  /** When the request began to wait, if that was before it asked for a connection. */
  waitingSince?: number
}

const storage = new AsyncLocalStorage<RequestContext>()

export const requestContext = (): RequestContext => storage.getStore() ?? {}

/** Runs `fn`, and everything it starts, with `change` added to the context. */
export function withContext<T>(change: RequestContext, fn: () => T): T {
  return storage.run({ ...requestContext(), ...change }, fn)
}
