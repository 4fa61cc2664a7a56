import { within } from './ambient.ts'
import type { Lent } from './lent-connection.ts'

/** A connection lent to one transaction. */
export type Borrowed = { connection: Lent; giveBack(): void }

/** What whoever joins transactions does inside them, through the same doors. */
export type Bookkeeping = {
  /** Before all that passes a door; what it throws, every door throws. */
  first(): Promise<void>
  /** Before a commit ahead of the end, with what would be answered if nothing followed. */
  early(answer: unknown): Promise<void>
}

/**
 * One transaction for all that passes the doors while one request is served. It begins with the first
 * door; each door is a savepoint in it, and what passes at once takes turns.
 */
export class JoinedTransaction {
  readonly #borrow: () => Promise<Borrowed>
  readonly #bookkeeping: Bookkeeping
  #opening: Promise<Lent> | undefined
  #borrowed: Borrowed | undefined
  #over = false

  constructor(borrow: () => Promise<Borrowed>, bookkeeping: Bookkeeping) {
    this.#borrow = borrow
    this.#bookkeeping = bookkeeping
  }

  /** Whether anything has passed a door. */
  get begun(): boolean {
    return this.#borrowed !== undefined
  }

  /** What passes a door from now on is a transaction of its own. */
  get over(): boolean {
    return this.#over
  }

  /** The connection with the transaction open. `first` is not to wait for itself. */
  connection({ isFirst }: { isFirst: boolean }): Promise<Lent> {
    if (isFirst) return Promise.resolve(this.#borrowed!.connection)
    this.#opening ??= this.#open()
    return this.#opening
  }

  async #open(): Promise<Lent> {
    this.#borrowed = await this.#borrow()
    const { connection } = this.#borrowed
    await connection.run('begin')
    await within({ level: new Level(this, { isFirst: true }) }, this.#bookkeeping.first)
    return connection
  }

  /** Commits all that has passed, for others to see before the request ends. */
  async commitEarly(answer: unknown): Promise<void> {
    if (this.begun) await this.#bookkeeping.early(answer)
    await this.commit()
  }

  async commit(): Promise<void> {
    this.#over = true
    if (!this.#borrowed) return
    const { connection, giveBack } = this.#borrowed
    try {
      await connection.commit()
    } catch (error) {
      await connection.rollback()
      throw error
    } finally {
      giveBack()
    }
  }

  async rollback(): Promise<void> {
    this.#over = true
    if (!this.#borrowed) return
    await this.#borrowed.connection.rollback()
    this.#borrowed.giveBack()
  }
}

/** What passes doors one inside the other; side by side they take turns. */
export class Level {
  readonly joined: JoinedTransaction
  readonly #isFirst: boolean
  /** Enters the door around again. */
  readonly #around: string
  #tail: Promise<unknown> = Promise.resolve()

  constructor(joined: JoinedTransaction, { isFirst = false, around = '' } = {}) {
    this.joined = joined
    this.#isFirst = isFirst
    this.#around = around
  }

  /** Runs `fn` between the statements that enter a door and the return to the one around. */
  pass<T>(enter: string, fn: (connection: Lent) => Promise<T>): Promise<T> {
    const turn = this.#tail.then(() => this.#run(enter, fn))
    this.#tail = turn.catch(() => undefined)
    return turn
  }

  async #run<T>(enter: string, fn: (connection: Lent) => Promise<T>): Promise<T> {
    const connection = await this.joined.connection({ isFirst: this.#isFirst })
    const inside = new Level(this.joined, { isFirst: this.#isFirst, around: enter })
    try {
      await connection.run(`savepoint door; ${enter}`)
      const result = await within({ level: inside }, () => fn(connection))
      await connection.run(`release savepoint door; ${this.#around}`)
      return result
    } catch (error) {
      // Where this fails, so does the commit.
      await connection.run('rollback to savepoint door; release savepoint door').catch(() => {})
      throw error
    }
  }
}
