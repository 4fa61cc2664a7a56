import { within } from './request-context.ts'
import type { Lent } from './transaction-connection.ts'

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
  readonly #borrow: () => Promise<Lent>
  readonly #opening: string
  #limitMs: number
  readonly #bookkeeping: Bookkeeping
  #begun: Promise<Lent> | undefined
  #lent: Lent | undefined
  #over = false

  /** `opening`: the statements that begin the transaction, which may then take `limitMs`. */
  constructor(
    borrow: () => Promise<Lent>,
    { opening, limitMs }: { opening: string; limitMs: number },
    bookkeeping: Bookkeeping,
  ) {
    this.#borrow = borrow
    this.#opening = opening
    this.#limitMs = limitMs
    this.#bookkeeping = bookkeeping
  }

  /** Whether anything has passed a door. */
  get begun(): boolean {
    return this.#lent !== undefined
  }

  /** What passes a door from now on is a transaction of its own. */
  get over(): boolean {
    return this.#over
  }

  /** The connection with the transaction open. `first` is not to wait for itself. */
  connection({ isFirst }: { isFirst: boolean }): Promise<Lent> {
    if (isFirst) return Promise.resolve(this.#lent!)
    this.#begun ??= this.#open()
    return this.#begun
  }

  async #open(): Promise<Lent> {
    this.#lent = await this.#borrow()
    return this.#begin(this.#lent)
  }

  async #begin(lent: Lent): Promise<Lent> {
    await lent.run(this.#opening)
    lent.limit(this.#limitMs)
    await within({ level: new Level(this, { isFirst: true }) }, this.#bookkeeping.first)
    return lent
  }

  /** Raises the time limit of the transaction to that of a longer unit of work. */
  allow(lent: Lent, ms: number): void {
    if (ms <= this.#limitMs) return
    this.#limitMs = ms
    lent.limit(ms)
  }

  /**
   * Runs `work` in a separate transaction, whose commit survives a rollback of the request. Throws when
   * the request has already written something.
   */
  async apart<T>(work: (lent: Lent) => Promise<T>): Promise<T> {
    const lent = await this.connection({ isFirst: false })
    await this.#commitReads(lent)
    try {
      return await work(lent)
    } finally {
      this.#part(lent)
    }
  }

  /**
   * Returns the connection to the pool. The next query begins a new transaction. Throws when the request
   * has written anything.
   */
  async letGo(): Promise<void> {
    const lent = this.#lent
    if (!lent) return
    await this.#commitReads(lent)
    this.#part(lent)
  }

  async #commitReads(lent: Lent): Promise<void> {
    const [row] = await lent.sql.unsafe<{ clean: boolean }[]>(
      'select pg_current_xact_id_if_assigned() is null as clean',
    )
    if (!row?.clean) {
      throw new Error(
        'A transaction can be ended early only before the first write of its request.',
      )
    }
    await lent.commit()
  }

  #part(lent: Lent): void {
    lent.giveBack()
    this.#lent = undefined
    this.#begun = undefined
  }

  /** Commits all that has passed, for others to see before the request ends. */
  async commitEarly(answer: unknown): Promise<void> {
    if (this.begun) await this.#bookkeeping.early(answer)
    await this.commit()
  }

  async commit(): Promise<void> {
    this.#over = true
    if (!this.#lent) return
    try {
      await this.#lent.commit()
    } catch (error) {
      await this.#lent.rollback()
      throw error
    } finally {
      this.#lent.giveBack()
    }
  }

  async rollback(): Promise<void> {
    this.#over = true
    await this.#lent?.rollback()
    this.#lent?.giveBack()
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
  pass<T>(door: { enter: string; limitMs: number }, fn: (lent: Lent) => Promise<T>): Promise<T> {
    return this.#inTurn(() => this.#run(door, fn))
  }

  /** Runs `work` in a transaction of its own: see `JoinedTransaction.apart`. */
  apart<T>(work: (lent: Lent) => Promise<T>): Promise<T> {
    if (this.#isFirst || this.#around) {
      throw new Error('What is committed apart passes no door inside another.')
    }
    return this.#inTurn(() => this.joined.apart(work))
  }

  /** See `JoinedTransaction.letGo`. */
  letGo(): Promise<void> {
    if (this.#isFirst || this.#around) {
      throw new Error('letGo() was called inside a door.')
    }
    return this.#inTurn(() => this.joined.letGo())
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#tail.then(work)
    this.#tail = turn.catch(() => undefined)
    return turn
  }

  async #run<T>(
    { enter, limitMs }: { enter: string; limitMs: number },
    fn: (lent: Lent) => Promise<T>,
  ): Promise<T> {
    const lent = await this.joined.connection({ isFirst: this.#isFirst })
    this.joined.allow(lent, limitMs)
    const inside = new Level(this.joined, { isFirst: this.#isFirst, around: enter })
    try {
      await lent.run(`savepoint door; ${enter}`)
      const result = await within({ level: inside }, () => fn(lent))
      await lent.run(`release savepoint door; ${this.#around}`)
      return result
    } catch (error) {
      // Where this fails, so does the commit.
      await lent.run('rollback to savepoint door; release savepoint door').catch(() => {})
      throw error
    }
  }
}
