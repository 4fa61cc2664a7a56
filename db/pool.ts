import { Connection, type ConnectionOptions } from './connection.ts'
import { OPEN_LIMIT_MS } from './limits.ts'
import { ambient } from './request-context.ts'
import { DatabaseUnavailableError, unavailable } from './unavailable.ts'

/** How many connections may be open at once; pg-boss and listeners have their own. */
const POOL_SIZE = 10

/** How long a pool that closes waits for what is under way. */
const CLOSE_LIMIT_MS = 3_000

type Waiter = { who: number | undefined; take(): void }

/**
 * Connections to one database, lent in the order of the requests. One `who` gets at most half of them,
 * so that many concurrent writes of one account leave connections for the others.
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
  /** Places are taken before connections are opened. */
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

  /** How many connections are lent at this moment. */
  get lent(): number {
    return this.#taken
  }

  /**
   * Lends a connection, with what is left of `OPEN_LIMIT_MS` as its limit. Throws
   * `DatabaseUnavailableError`: `overloaded` when none is free in that time, `unavailable` when the
   * database cannot be reached. Pass the same `who` to `giveBack`.
   */
  async lend(who?: number): Promise<Connection> {
    const began = ambient().waitingSince ?? performance.now()
    const left = () => Math.max(1, began + OPEN_LIMIT_MS - performance.now())
    await this.#place(who, left())
    try {
      const connection =
        this.#takeIdle() ?? (await Connection.open(this.#url, left(), this.#options))
      this.#open.add(connection)
      connection.limit(left())
      return connection
    } catch (error) {
      this.#leave(who)
      throw unavailable(error) ?? error
    }
  }

  giveBack(connection: Connection, who?: number): void {
    connection.unlimit()
    if (connection.isOld) void connection.end()
    if (connection.lost) this.#open.delete(connection)
    else this.#idle.push(connection)
    this.#leave(who)
  }

  /** Gives every connection up, lent or not: for a server that does not answer. */
  cut(why: string): void {
    for (const connection of this.#open) connection.lose(why)
    this.#open.clear()
  }

  /** Resolves when every connection is back and closed; one that is not back after `withinMs` is given up. */
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

  #place(who: number | undefined, withinMs: number): Promise<void> {
    if (this.#closed) {
      return Promise.reject(new DatabaseUnavailableError('unavailable', 'the pool is closed'))
    }
    if (this.#isFreeFor(who)) {
      this.#take(who)
      return Promise.resolve()
    }
    return new Promise((resolve, reject) => {
      const waiter = {
        who,
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

  #isFreeFor(who: number | undefined): boolean {
    if (this.#taken >= this.#size) return false
    return (
      who === undefined || (this.#takenBy.get(who) ?? 0) < Math.max(1, Math.floor(this.#size / 2))
    )
  }

  #take(who: number | undefined): void {
    this.#taken++
    if (who !== undefined) this.#takenBy.set(who, (this.#takenBy.get(who) ?? 0) + 1)
  }

  /** Lends the connection to the longest-waiting request that may have it. */
  #leave(who: number | undefined): void {
    this.#taken--
    if (who !== undefined) {
      const left = (this.#takenBy.get(who) ?? 0) - 1
      if (left > 0) this.#takenBy.set(who, left)
      else this.#takenBy.delete(who)
    }
    for (const next of this.#waiting) {
      if (!this.#isFreeFor(next.who)) continue
      this.#waiting.delete(next)
      this.#take(next.who)
      next.take()
      return
    }
    if (this.#closed && this.#taken === 0) this.#drained.resolve()
  }
}
