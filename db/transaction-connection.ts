import type { PendingQuery, ReservedSql } from 'postgres'
import type { Connection } from './connection.ts'
import { DatabaseUnavailableError, unavailable } from './unavailable.ts'

/** A connection that one transaction has to itself. Every method throws once it was given back. */
export class Lent {
  readonly #connection: Connection
  readonly #giveBack: () => void
  #over = false
  /** For what drizzle lacks. */
  readonly sql: Pick<ReservedSql, 'unsafe'>

  constructor(connection: Connection, giveBack: () => void) {
    this.#connection = connection
    this.#giveBack = giveBack
    this.sql = { unsafe: (...query) => this.#current().unsafe(...query) }
  }

  get over(): boolean {
    return this.#over
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

  /** From now on the transaction may take `ms`; past it the connection is given up. */
  limit(ms: number): void {
    if (!this.#over) this.#connection.limit(ms, 'overloaded')
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

  /** Never rejects: a connection that cannot roll back is lost, and its transaction with it. */
  async rollback(): Promise<void> {
    if (this.#over || this.#connection.lost) return
    try {
      await this.#connection.unsafe('rollback')
    } catch {
      this.#connection.lose('the transaction could not be rolled back')
    }
  }

  giveBack(): void {
    if (this.#over) return
    this.#over = true
    this.#giveBack()
  }

  #current(): Connection {
    if (this.#over) throw new Error('This transaction is over: its connection was given back.')
    return this.#connection
  }
}

function unanswered(cause: unknown): DatabaseUnavailableError {
  const message = 'the connection was lost before the commit was answered'
  return new DatabaseUnavailableError('unavailable', message, { cause, outcomeUnknown: true })
}
