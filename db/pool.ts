import { Connection, type ConnectionOptions } from './connection.ts'
import { OPEN_LIMIT_MS } from './limits.ts'
import { requestContext } from './request-context.ts'
import { DatabaseUnavailableError, unavailable } from './unavailable.ts'

/** How many connections may be open at once; pg-boss and listeners have their own. */
const POOL_SIZE = 10

/** How long a closing pool waits for running transactions. */
const CLOSE_LIMIT_MS = 3_000

type Waiter = { accountId: number | undefined; take(): void }

/**
 * Connections to one database, in the order of the requests. One account gets at most half of them, so that
 * its concurrent writes leave connections for the others.
 */
export class Pool {
  readonly #url: string
  readonly #size: number
  readonly #options: ConnectionOptions
  readonly #open = new Set<Connection>()
  readonly #idle: Connection[] = []
  readonly #waiting = new Set<Waiter>()
  readonly #drained = Promise.withResolvers<void>()
  #closed = false
  /** A place is taken before its connection is opened. */
  #taken = 0
  readonly #takenBy = new Map<number, number>()

  constructor(
    url: string,
    { size = POOL_SIZE, ...options }: { size?: number } & ConnectionOptions = {},
  ) {
    this.#url = url
    this.#size = size
    this.#options = options
  }

  /** How many connections are in use. */
  get inUse(): number {
    return this.#taken
  }

  /**
   * Returns a free connection, with the rest of `OPEN_LIMIT_MS` as its time limit. Pass the same `accountId`
   * to `release`.
   * @throws `DatabaseUnavailableError`: `overloaded` when no connection is free in time, `unavailable` when
   *   the database cannot be reached
   */
  async acquire(accountId?: number): Promise<Connection> {
    const began = requestContext().waitingSince ?? performance.now()
    const left = () => Math.max(1, began + OPEN_LIMIT_MS - performance.now())
    await this.#place(accountId, left())
    try {
      const connection =
        this.#takeIdle() ?? (await Connection.open(this.#url, left(), this.#options))
      this.#open.add(connection)
      connection.limit(left())
      return connection
    } catch (error) {
      this.#leave(accountId)
      throw unavailable(error) ?? error
    }
  }

  release(connection: Connection, accountId?: number): void {
    connection.unlimit()
    if (connection.isOld) void connection.end()
    if (connection.lost) this.#open.delete(connection)
    else this.#idle.push(connection)
    this.#leave(accountId)
  }

  /** Drops every connection, in use or not: for a server that does not answer. */
  cut(why: string): void {
    for (const connection of this.#open) connection.lose(why)
    this.#open.clear()
  }

  /** Resolves when every connection is released and closed. One in use after `withinMs` is dropped. */
  async close(withinMs = CLOSE_LIMIT_MS): Promise<void> {
    this.#closed = true
    const patience = setTimeout(() => this.cut('the pool is closed'), withinMs)
    if (this.#taken > 0) await this.#drained.promise
    clearTimeout(patience)
    await Promise.all(this.#idle.splice(0).map((connection) => connection.end()))
  }

  #takeIdle(): Connection | undefined {
    for (;;) {
      const connection = this.#idle.pop()
      if (!connection?.lost) return connection
      this.#open.delete(connection)
    }
  }

  #place(accountId: number | undefined, withinMs: number): Promise<void> {
    if (this.#closed) {
      return Promise.reject(new DatabaseUnavailableError('unavailable', 'the pool is closed'))
    }
    if (this.#isFreeFor(accountId)) {
      this.#take(accountId)
      return Promise.resolve()
    }
    return new Promise((resolve, reject) => {
      const waiter = {
        accountId,
        take: () => {
          clearTimeout(patience)
          resolve()
        },
      }
      const patience = setTimeout(() => {
        this.#waiting.delete(waiter)
        const which = this.#taken < this.#size ? "the account's share" : 'all'
        const why = `${which} of ${this.#size} connections were in use for ${Math.round(withinMs)} ms`
        reject(new DatabaseUnavailableError('overloaded', why))
      }, withinMs)
      this.#waiting.add(waiter)
    })
  }

  #isFreeFor(accountId: number | undefined): boolean {
    if (this.#taken >= this.#size) return false
    return (
      accountId === undefined ||
      (this.#takenBy.get(accountId) ?? 0) < Math.max(1, Math.floor(this.#size / 2))
    )
  }

  #take(accountId: number | undefined): void {
    this.#taken++
    if (accountId !== undefined)
      this.#takenBy.set(accountId, (this.#takenBy.get(accountId) ?? 0) + 1)
  }

  /** Gives the place to the longest-waiting request that may have it. */
  #leave(accountId: number | undefined): void {
    this.#taken--
    if (accountId !== undefined) {
      const left = (this.#takenBy.get(accountId) ?? 0) - 1
      if (left > 0) this.#takenBy.set(accountId, left)
      else this.#takenBy.delete(accountId)
    }
    for (const next of this.#waiting) {
      if (!this.#isFreeFor(next.accountId)) continue
      this.#waiting.delete(next)
      this.#take(next.accountId)
      next.take()
      return
    }
    if (this.#closed && this.#taken === 0) this.#drained.resolve()
  }
}
