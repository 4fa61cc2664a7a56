import type { PendingQuery, ReservedSql } from 'postgres'
import type { Connection } from './connection.ts'
import { DatabaseUnavailableError, unavailable } from './unavailable.ts'

/** The connection of one transaction. Every method throws once it was released. */
export class TransactionConnection {
  readonly #connection: Connection
  readonly #release: () => void
  #released = false
  /** For what drizzle lacks. */
  readonly sql: Pick<ReservedSql, 'unsafe'>

  constructor(connection: Connection, release: () => void) {
    this.#connection = connection
    this.#release = release
    this.sql = { unsafe: (...query) => this.#current().unsafe(...query) }
  }

  get released(): boolean {
    return this.#released
  }

  /** Sends the statements that open the transaction, at once: what follows is sent behind them. */
  open(statements: string): Promise<unknown> {
    return this.sql.unsafe(statements).execute()
  }

  /** Sends statements without parameters. */
  async run(statements: string): Promise<void> {
    await this.sql.unsafe(statements)
  }

  /** With prepared statements: unprepared ones take two round trips. */
  unsafe(query: string, parameters: never[]): PendingQuery<never> {
    return this.sql.unsafe(query, parameters, { prepare: true }) as unknown as PendingQuery<never>
  }

  /** Gives the transaction `ms` from now. After that the connection is dropped. */
  limit(ms: number): void {
    if (!this.#released) this.#connection.limit(ms, 'overloaded')
  }

  /** Throws when the server has rolled back instead, or when it did not say what it did. */
  async commit(): Promise<void> {
    const connection = this.#current()
    if (connection.lost) throw connection.lost
    try {
      const { command } = await connection.unsafe('commit')
      if (command !== 'COMMIT') throw new Error('the transaction had failed and was rolled back')
    } catch (error) {
      const known = unavailable(error)
      throw connection.lost || known?.why === 'unavailable' ? unanswered(error) : (known ?? error)
    }
  }

  /** Never rejects: a connection that cannot roll back is dropped, which ends its transaction. */
  async rollback(): Promise<void> {
    if (this.#released || this.#connection.lost) return
    try {
      await this.#connection.unsafe('rollback')
    } catch {
      this.#connection.lose('the transaction could not be rolled back')
    }
  }

  release(): void {
    if (this.#released) return
    this.#released = true
    this.#release()
  }

  #current(): Connection {
    if (this.#released) throw new Error('This transaction has ended: its connection was released.')
    return this.#connection
  }
}

function unanswered(cause: unknown): DatabaseUnavailableError {
  const message = 'the connection was lost before the commit was answered'
  return new DatabaseUnavailableError('unavailable', message, { cause, outcomeUnknown: true })
}
