import { makePgArray, parsePgArray } from 'drizzle-orm/pg-core/utils/array'
import { drizzle } from 'drizzle-orm/postgres-js'
import postgres, { type PostgresType, type ReservedSql, type Sql } from 'postgres'
import { OPEN_LIMIT_MS } from './limits.ts'
import { requestContext } from './request-context.ts'
import { DatabaseUnavailableError, type Unavailability } from './unavailable.ts'

/** Past it a connection is replaced: its backend's caches have grown, or the host name means another. */
const MAX_AGE_MS = 30 * 60_000

export type ConnectionOptions = {
  /** How `pg_stat_activity` calls it. */
  name?: string
  /** How values are read and written, instead of drizzle's way. */
  types?: Record<string, PostgresType>
}

/** The options of every connection. A lost connection is replaced, never reopened. */
export function sessionOptions(name: string) {
  return {
    max: 1,
    // Fetching types may fail where the error cannot be caught; the types in use are in `ARRAYS`.
    fetch_types: false,
    max_lifetime: null,
    connect_timeout: OPEN_LIMIT_MS / 1000,
    onnotice: () => {},
    connection: { application_name: name },
  }
}

/** Undeclared properties of postgres.js queries. */
type Query = { reject(error: Error): void }

/**
 * A connection for one transaction at a time, each with its own postgres.js client: a pool of postgres.js
 * may hand a connection to a caller that has stopped waiting.
 */
export class Connection {
  readonly #client: Sql
  readonly #openedAt = performance.now()
  readonly #underway = new Set<Query>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #sql!: ReservedSql
  /** Why the connection can no longer be used. */
  lost: DatabaseUnavailableError | undefined

  private constructor(url: string, { name = 'igny8', types }: ConnectionOptions) {
    this.#client = postgres(url, {
      ...sessionOptions(name),
      types: { ...ARRAYS, ...types },
      onclose: () => this.lose('the connection was lost'),
    }) as unknown as Sql
    // Sets the client's date and JSON parsing to what drizzle expects.
    if (!types) drizzle(this.#client)
  }

  /** Throws when the database does not answer within `withinMs`. */
  static async open(
    url: string,
    withinMs: number,
    options: ConnectionOptions = {},
  ): Promise<Connection> {
    const connection = new Connection(url, options)
    connection.limit(withinMs)
    try {
      // postgres.js does not answer `reserve` on a connection that is not open yet.
      await connection.#watched(connection.#client.unsafe('select 1'))
      connection.#sql = await connection.#client.reserve()
    } catch (error) {
      connection.lose('the connection could not be opened')
      throw error
    }
    connection.unlimit()
    return connection
  }

  get isOld(): boolean {
    return performance.now() - this.#openedAt > MAX_AGE_MS
  }

  /** Throws at once when the connection was lost. */
  readonly unsafe: ReservedSql['unsafe'] = (...query) => {
    if (this.lost) throw this.lost
    return this.#watched(this.#sql.unsafe(...query))
  }

  /** Drops the connection after `ms`, whatever runs on it, with the reason `because`. */
  limit(ms: number, because: Unavailability = 'unavailable'): void {
    this.unlimit()
    const what = because === 'overloaded' ? 'the transaction' : 'the database'
    this.#timer = setTimeout(() => this.lose(`${what} took longer than ${ms} ms`, because), ms)
  }

  unlimit(): void {
    clearTimeout(this.#timer)
  }

  /**
   * Drops the connection and fails its queries. Otherwise postgres.js would forget queries that it has not
   * sent, and write others to a closed socket, where the error cannot be caught.
   */
  lose(why: string, because: Unavailability = 'unavailable'): void {
    if (this.lost) return
    this.unlimit()
    this.lost = new DatabaseUnavailableError(because, why)
    for (const query of this.#underway) query.reject(this.lost)
    void this.#client.end({ timeout: 0 })
  }

  /** Closes it. Nothing may be under way. */
  async end(): Promise<void> {
    if (this.lost) return
    this.lost = new DatabaseUnavailableError('unavailable', 'the connection was closed')
    this.#sql.release()
    await this.#client.end({ timeout: 1 })
  }

  #watched<Q extends PromiseLike<unknown>>(query: Q): Q {
    const one = query as unknown as Query
    this.#underway.add(one)
    const ended = () => this.#underway.delete(one)
    query.then(ended, ended)
    return requestContext().tally?.add(query) ?? query
  }
}

/** By the identifiers of PostgreSQL's array types. */
const arrayOf = (oid: number) => ({
  to: oid,
  from: [oid],
  serialize: (value: unknown) => (Array.isArray(value) ? makePgArray(value) : value),
  parse: (text: string): unknown => parsePgArray(text),
})

const ARRAYS = {
  int2s: arrayOf(1005),
  int4s: arrayOf(1007),
  texts: arrayOf(1009),
  int8s: arrayOf(1016),
  uuids: arrayOf(2951),
}
