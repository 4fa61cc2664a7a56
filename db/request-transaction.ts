import { withContext } from './request-context.ts'
import type { TransactionConnection } from './transaction-connection.ts'

/** What runs inside every request transaction. */
export type RequestHooks = {
  /** Runs first. Every call to the database then throws what this throws. */
  onBegin(): Promise<void>
  /** Runs before `commitEarly`, with the response to store in case the process dies before the end. */
  beforeEarlyCommit(answer: unknown): Promise<void>
}

type SavepointScope = { enter: string; limitMs: number }

/**
 * Runs all database work of a request in one transaction, opened lazily. Each `with…` call is a savepoint;
 * concurrent calls run one after the other.
 */
export class RequestTransaction {
  readonly #borrow: () => Promise<TransactionConnection>
  readonly #opening: string
  #limitMs: number
  readonly #hooks: RequestHooks
  #opened: Promise<TransactionConnection> | undefined
  #connection: TransactionConnection | undefined
  #ended = false

  /** `opening`: the statements that begin the transaction, which may then take `limitMs`. */
  constructor(
    borrow: () => Promise<TransactionConnection>,
    { opening, limitMs }: { opening: string; limitMs: number },
    hooks: RequestHooks,
  ) {
    this.#borrow = borrow
    this.#opening = opening
    this.#limitMs = limitMs
    this.#hooks = hooks
  }

  /** Whether the transaction is open. */
  get begun(): boolean {
    return this.#connection !== undefined
  }

  /** Whether it was committed or rolled back. Later `with…` calls are transactions of their own. */
  get ended(): boolean {
    return this.#ended
  }

  /** The connection with the transaction open. `isInHook`: the call comes from `onBegin`, which must not wait for itself. */
  connection({ isInHook }: { isInHook: boolean }): Promise<TransactionConnection> {
    if (isInHook) return Promise.resolve(this.#connection!)
    this.#opened ??= this.#open()
    return this.#opened
  }

  async #open(): Promise<TransactionConnection> {
    this.#connection = await this.#borrow()
    return this.#begin(this.#connection)
  }

  async #begin(connection: TransactionConnection): Promise<TransactionConnection> {
    await connection.run(this.#opening)
    connection.limit(this.#limitMs)
    await withContext({ savepoint: new Savepoint(this, { isInHook: true }) }, this.#hooks.onBegin)
    return connection
  }

  /** Raises the time limit of the transaction, in milliseconds. It is never lowered. */
  raiseLimit(connection: TransactionConnection, ms: number): void {
    if (ms <= this.#limitMs) return
    this.#limitMs = ms
    connection.limit(ms)
  }

  /**
   * Runs `work` in a separate transaction, whose commit survives a rollback of the request. Throws when
   * the request has already written something.
   */
  async runSeparately<T>(work: (connection: TransactionConnection) => Promise<T>): Promise<T> {
    const connection = await this.connection({ isInHook: false })
    await this.#commitReads(connection)
    try {
      return await work(connection)
    } finally {
      this.#detach(connection)
    }
  }

  /**
   * Returns the connection to the pool. The next query begins a new transaction. Throws when the request
   * has written anything.
   */
  async releaseConnection(): Promise<void> {
    const connection = this.#connection
    if (!connection) return
    await this.#commitReads(connection)
    this.#detach(connection)
  }

  async #commitReads(connection: TransactionConnection): Promise<void> {
    const [row] = await connection.sql.unsafe<{ clean: boolean }[]>(
      'select pg_current_xact_id_if_assigned() is null as clean',
    )
    if (!row?.clean) {
      throw new Error(
        'A transaction can be ended early only before the first write of its request.',
      )
    }
    await connection.commit()
  }

  #detach(connection: TransactionConnection): void {
    connection.release()
    this.#connection = undefined
    this.#opened = undefined
  }

  /** Commits before the request ends, so that others see its writes. */
  async commitEarly(answer: unknown): Promise<void> {
    if (this.begun) await this.#hooks.beforeEarlyCommit(answer)
    await this.commit()
  }

  async commit(): Promise<void> {
    this.#ended = true
    if (!this.#connection) return
    try {
      await this.#connection.commit()
    } catch (error) {
      await this.#connection.rollback()
      throw error
    } finally {
      this.#connection.release()
    }
  }

  async rollback(): Promise<void> {
    this.#ended = true
    await this.#connection?.rollback()
    this.#connection?.release()
  }
}

/** A savepoint of a request transaction. Nested calls nest; concurrent calls run one after the other. */
export class Savepoint {
  readonly request: RequestTransaction
  readonly #isInHook: boolean
  /** The statements that restore the scope of the enclosing savepoint. */
  readonly #around: string
  #tail: Promise<unknown> = Promise.resolve()

  constructor(request: RequestTransaction, { isInHook = false, around = '' } = {}) {
    this.request = request
    this.#isInHook = isInHook
    this.#around = around
  }

  /** Runs `fn` in a savepoint with the given scope, then restores the enclosing scope. */
  run<T>(scope: SavepointScope, fn: (connection: TransactionConnection) => Promise<T>): Promise<T> {
    return this.#inOrder(() => this.#run(scope, fn))
  }

  /** See `RequestTransaction.runSeparately`. */
  runSeparately<T>(work: (connection: TransactionConnection) => Promise<T>): Promise<T> {
    if (this.#isInHook || this.#around) {
      throw new Error('A separate transaction cannot be opened inside a savepoint.')
    }
    return this.#inOrder(() => this.request.runSeparately(work))
  }

  /** See `RequestTransaction.releaseConnection`. */
  releaseConnection(): Promise<void> {
    if (this.#isInHook || this.#around) {
      throw new Error('releaseConnection() was called inside a savepoint.')
    }
    return this.#inOrder(() => this.request.releaseConnection())
  }

  #inOrder<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#tail.then(work)
    this.#tail = run.catch(() => undefined)
    return run
  }

  async #run<T>(
    { enter, limitMs }: SavepointScope,
    fn: (connection: TransactionConnection) => Promise<T>,
  ): Promise<T> {
    const connection = await this.request.connection({ isInHook: this.#isInHook })
    this.request.raiseLimit(connection, limitMs)
    const inside = new Savepoint(this.request, { isInHook: this.#isInHook, around: enter })
    try {
      await connection.run(`savepoint nested; ${enter}`)
      const result = await withContext({ savepoint: inside }, () => fn(connection))
      await connection.run(`release savepoint nested; ${this.#around}`)
      return result
    } catch (error) {
      // If this fails, the commit fails too.
      await connection.run('rollback to savepoint nested; release savepoint nested').catch(() => {})
      throw error
    }
  }
}
