import { PgDialect } from 'drizzle-orm/pg-core'
import { PostgresJsDatabase, PostgresJsSession } from 'drizzle-orm/postgres-js'
import type { Sql } from 'postgres'
import { entering } from './entering.ts'
import { type Limits, setLimits, type WorkLimits } from './limits.ts'
import type { Pool } from './pool.ts'
import { ambient, type QueryTally, within } from './request-context.ts'
import { type Bookkeeping, JoinedTransaction, Level } from './request-transaction.ts'
import type { Role } from './schema/accounts.ts'
import { Lent } from './transaction-connection.ts'
import { unavailable } from './unavailable.ts'

/**
 * Who acts, and in which account: a user, or an API key by its SHA-256 in hexadecimal. Without either
 * it is the worker: every site of the account.
 */
export type Scope = {
  accountId: number
  /** `version` is that of the access token. */
  user?: { id: number; role: Role; version?: number }
  apiKey?: { hash: string }
}

/** A transaction that sees what its door allows. `sql` is the same connection for what drizzle lacks. */
export type Tx = PostgresJsDatabase & { readonly $sql: Lent['sql'] }

/** Why rows of more than one account may be seen; each is one named place in the code. */
export type PlatformReason =
  | 'authenticate'
  | 'register'
  | 'throttle_sign_in'
  | 'act_in_account'
  | 'recover_steps'
  | 'connect_site'
  | 'verify_posts'
  | 'probe_sites'
  | 'take_bridge_event'
  | 'send_deliveries'
  | 'renew_credits'
  | 'erase_accounts'
  | 'serve_media'
  | 'grant_credits'
  | 'note_key_use'
  | 'keep_keys'
  | 'sweep'
  | 'appoint_staff'
  | 'seal_secrets'
  | 'measure'

/**
 * The only ways to the tables. Each throws `DatabaseUnavailableError` where the database is too busy or
 * away, within the limits of `limits.ts`. No door opens inside another, but in a joined transaction,
 * where it is a savepoint: what holds one connection must not wait for a second.
 */
export type Doors = {
  /**
   * Runs `fn` in a transaction that sees the rows of one account, and of a user only the sites
   * granted. A read-only one costs a single round trip when `fn` sends one query.
   * Throws `StaleTokenError` or `AccountNotFoundError` when the scope does not hold any more, and
   * `ReadOnlyScopeError` for a write that it may not do. `whileClosed` lets a write into an account
   * that was suspended or cancelled; `long` gives it the limits of what takes long whatever the load.
   */
  withAccount<T>(
    scope: Scope,
    fn: (tx: Tx) => Promise<T>,
    options?: { readOnly?: boolean; whileClosed?: boolean; long?: boolean },
  ): Promise<T>
  /** Runs `fn` for a member of the platform's staff, in a transaction that sees every account's rows. */
  withStaff<T>(scope: Scope, fn: (tx: Tx) => Promise<T>): Promise<T>
  /**
   * Runs `fn` in a transaction that sees every account's rows. `throttle_sign_in` is committed at once
   * even in a joined transaction, which must not have written anything: a try counts before its outcome
   * is known.
   */
  withPlatform<T>(reason: PlatformReason, fn: (tx: Tx) => Promise<T>): Promise<T>
  /**
   * Runs `fn` with all its database work in one transaction, which `fn` ends. `accountId` is the
   * caller's.
   */
  joined<T>(
    bookkeeping: Bookkeeping,
    fn: (transaction: JoinedTransaction) => Promise<T>,
    accountId?: number,
  ): Promise<T>
  /**
   * Commits what a joined transaction has so far: for what others must see while the request goes on.
   * `answer`: what would be answered if nothing followed.
   */
  commitEarly(answer: unknown): Promise<void>
  /**
   * Call this before slow work: it returns the connection of a joined transaction to the pool until the
   * next query. Throws inside a door, and after a joined transaction has written anything.
   */
  letGo(): Promise<void>
  /** Runs `fn`; its waits for a connection are measured from `since`, a time of `performance.now()`. */
  waitingSince<T>(since: number, fn: () => Promise<T>): Promise<T>
  /** Runs `fn` and counts what it asks of the database. */
  counted<T>(tally: QueryTally, fn: () => Promise<T>): Promise<T>
  /** How many connections are lent at this moment. */
  lent(): number
  /** Closes the pool once every connection is back. */
  close(): Promise<void>
}

/** The user was deactivated or given another role after the token was issued. */
export class StaleTokenError extends Error {}
export class AccountNotFoundError extends Error {}
/** The scope may read and not write: its account is closed, or its API key is one for reading. */
export class ReadOnlyScopeError extends Error {
  readonly why: 'account_suspended' | 'account_cancelled' | 'key_reads'
  constructor(why: ReadOnlyScopeError['why']) {
    super(`read only: ${why}`)
    this.why = why
  }
}

const dialect = new PgDialect()

/** Committed at once even in a joined transaction. */
const APART: ReadonlySet<PlatformReason> = new Set(['throttle_sign_in'])

/** The two doors to the tables, over one pool. */
export function openDoors(pool: Pool, limits: WorkLimits): Doors {
  const begin = (
    kind: Limits,
    enter: string,
    { readOnly = false, who }: { readOnly?: boolean; who?: number | undefined } = {},
  ): Transaction => ({
    pool,
    who,
    enter: `${setLimits(kind)}; ${enter}`,
    limitMs: kind.transactionMs,
    readOnly,
  })
  return {
    close: () => pool.close(),
    lent: () => pool.lent,
    waitingSince: (since, fn) => within({ waitingSince: since }, fn),
    counted: (tally, fn) => within({ tally }, fn),
    joined(bookkeeping, fn, accountId) {
      const { write } = limits
      const begins = { opening: `begin; ${setLimits(write)}`, limitMs: write.transactionMs }
      const transaction = new JoinedTransaction(() => borrow(pool, accountId), begins, bookkeeping)
      return within({ level: new Level(transaction) }, () => fn(transaction))
    },
    async commitEarly(answer) {
      const { level } = ambient()
      if (level && !level.joined.over) await level.joined.commitEarly(answer)
    },
    async letGo() {
      const { level, held } = ambient()
      if (held && !held.over) throw new Error('letGo() was called inside a door.')
      if (level && !level.joined.over) await level.letGo()
    },
    withAccount(scope, fn, { readOnly = false, whileClosed = false, long = false } = {}) {
      const kind = long ? limits.long : readOnly ? limits.read : limits.write
      const enter = `select set_config('role', 'igny8_platform', true),
        ${entering(scope, { writes: !readOnly, whileClosed })}, set_config('role', 'igny8_app', true)`
      // The worker limits its own concurrency.
      const who = scope.user || scope.apiKey ? scope.accountId : undefined
      return pass(begin(kind, enter, { readOnly, who }), fn)
    },
    withStaff(scope, fn) {
      const enter = `select set_config('role', 'igny8_platform', true), ${entering(scope, { writes: true, staff: true })},
        set_config('app.platform_reason', 'staff', true)`
      return pass(begin(limits.write, enter), fn)
    },
    withPlatform(reason, fn) {
      const enter = `select set_config('role', 'igny8_platform', true), set_config('app.platform_reason', '${reason}', true)`
      const transaction = begin(limits.write, enter)
      return APART.has(reason) ? apart(transaction, fn) : pass(transaction, fn)
    },
  }
}

/** How one passage of a door is a transaction of its own. */
type Transaction = {
  pool: Pool
  /** The account of the caller that borrows the connection. */
  who: number | undefined
  enter: string
  limitMs: number
  readOnly: boolean
}

async function borrow(pool: Pool, who: number | undefined): Promise<Lent> {
  const { held } = ambient()
  if (held && !held.over) {
    throw new Error(
      'A door was opened inside the transaction of another. It would hold one connection and wait for a ' +
        'second, for ever once all are held so. Pass the transaction on, or open the doors one after the other.',
    )
  }
  const connection = await pool.lend(who)
  return new Lent(connection, () => pool.giveBack(connection, who))
}

/** In the joined transaction of the request, where there is one. */
async function pass<T>(transaction: Transaction, fn: (tx: Tx) => Promise<T>): Promise<T> {
  const { level } = ambient()
  if (!level || level.joined.over) return transact(transaction, fn)
  try {
    return await level.pass(transaction, (lent) => fn(transactionOver(lent)))
  } catch (error) {
    throw doorError(error)
  }
}

async function apart<T>(transaction: Transaction, fn: (tx: Tx) => Promise<T>): Promise<T> {
  const { level } = ambient()
  if (!level || level.joined.over) return transact(transaction, fn)
  return level.apart(async (lent) => {
    try {
      const result = await run(lent, transaction, fn)
      await lent.commit()
      return result
    } catch (error) {
      await lent.rollback()
      throw error
    }
  })
}

async function transact<T>(transaction: Transaction, fn: (tx: Tx) => Promise<T>): Promise<T> {
  const lent = await borrow(transaction.pool, transaction.who)
  const giveBack = () => lent.giveBack()
  try {
    const result = await run(lent, transaction, fn)
    const committed = lent.commit()
    // A reader has its answer already; the connection goes back once the server is done with it.
    if (transaction.readOnly) committed.then(giveBack, giveBack)
    else await committed.finally(giveBack)
    return result
  } catch (error) {
    lent.rollback().then(giveBack)
    throw error
  }
}

/** Begins the transaction and runs `fn` in it; who called ends it, but for one that failed. */
async function run<T>(
  lent: Lent,
  { enter, limitMs, readOnly }: Transaction,
  fn: (tx: Tx) => Promise<T>,
): Promise<T> {
  // Not awaited: the first query of `fn` goes out behind it in the same round trip.
  const entered = lent.open(`begin${readOnly ? ' read only' : ''}; ${enter}`).then(
    () => lent.limit(limitMs),
    (error: unknown) => error,
  )
  const refusal = async () => {
    const refused = await entered
    if (refused) throw doorError(refused)
  }
  try {
    const inside = { level: undefined, held: lent }
    const result = await within(inside, () => fn(transactionOver(lent)))
    await refusal()
    return result
  } catch (error) {
    await refusal()
    throw doorError(error)
  }
}

function doorError(error: unknown): unknown {
  const { code, message } = error as { code?: string; message?: string }
  if (code === 'IG401') return new StaleTokenError('the token does not fit its user any more')
  if (code === 'IG403') return new ReadOnlyScopeError(message as ReadOnlyScopeError['why'])
  if (code === 'IG404') return new AccountNotFoundError('no such account')
  return unavailable(error) ?? error
}

/** drizzle over a lent connection. */
function transactionOver(lent: Lent): Tx {
  const session = new PostgresJsSession(lent as unknown as Sql, dialect, undefined, {})
  const db = new PostgresJsDatabase(dialect, session as never, undefined)
  return Object.assign(db, { $sql: lent.sql }) as unknown as Tx
}
