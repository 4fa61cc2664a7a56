import { PgDialect } from 'drizzle-orm/pg-core'
import { PostgresJsDatabase, PostgresJsSession } from 'drizzle-orm/postgres-js'
import type { ReservedSql } from 'postgres'
import { ambient, type QueryTally, within } from './ambient.ts'
import type { Sql } from './client.ts'
import { type Bookkeeping, type Borrowed, JoinedTransaction, Level } from './joined.ts'
import { type Lent, lendConnection } from './lent-connection.ts'
import type { Role } from './schema/auth.ts'

/**
 * Who acts, and in which account: a user, or an API key by its SHA-256 in hexadecimal. Without either
 * it is the worker: every site of the account.
 */
export type Scope = {
  accountId: number
  user?: { id: number; role: Role }
  apiKey?: { hash: string }
}

/** A transaction that sees what its door allows. `sql` is the same connection for what drizzle lacks. */
export type Tx = PostgresJsDatabase & { readonly $sql: ReservedSql }

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
  | 'appoint_staff'
  | 'measure'

export type Doors = {
  /**
   * Runs `fn` in a transaction that sees the rows of one account, and of a user only the sites
   * granted. A read-only one costs a single round trip when `fn` sends one query.
   * Throws `StaleTokenError` or `AccountNotFoundError` when the scope does not hold any more, and
   * `ReadOnlyScopeError` for a write that it may not do. `whileClosed` lets a write into an account
   * that was suspended or cancelled.
   */
  withAccount<T>(
    scope: Scope,
    fn: (tx: Tx) => Promise<T>,
    options?: { readOnly?: boolean; whileClosed?: boolean },
  ): Promise<T>
  /** Runs `fn` for a member of the platform's staff, in a transaction that sees every account's rows. */
  withStaff<T>(scope: Scope, fn: (tx: Tx) => Promise<T>): Promise<T>
  /** Runs `fn` in a transaction that sees every account's rows. */
  withPlatform<T>(reason: PlatformReason, fn: (tx: Tx) => Promise<T>): Promise<T>
  /** Runs `fn` with all that passes the doors meanwhile in one transaction, which `fn` ends. */
  joined<T>(
    bookkeeping: Bookkeeping,
    fn: (transaction: JoinedTransaction) => Promise<T>,
  ): Promise<T>
  /**
   * Commits what a joined transaction has so far: for what others must see while the request goes on.
   * `answer`: what would be answered if nothing followed.
   */
  commitEarly(answer: unknown): Promise<void>
  /** Runs `fn` and counts what it asks of the database. */
  counted<T>(tally: QueryTally, fn: () => Promise<T>): Promise<T>
  /** How many connections are lent at this moment. */
  lent(): number
  /** Closes the pool once every connection is back: postgres.js waits for ever for a lent one. */
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

/** The two doors to the tables, over one pool. */
export function openDoors(pool: Sql): Doors {
  const lent = new Set<Promise<void>>()
  const borrow = () => borrowFrom(pool, lent)
  return {
    async close() {
      while (lent.size > 0) await Promise.all(lent)
      await pool.end()
    },
    lent: () => lent.size,
    counted: (tally, fn) => within({ tally }, fn),
    joined(bookkeeping, fn) {
      const transaction = new JoinedTransaction(borrow, bookkeeping)
      return within({ level: new Level(transaction) }, () => fn(transaction))
    },
    async commitEarly(answer) {
      const { level } = ambient()
      if (level && !level.joined.over) await level.joined.commitEarly(answer)
    },
    withAccount: (scope, fn, { readOnly = false, whileClosed = false } = {}) =>
      pass(
        borrow,
        `select set_config('role', 'igny8_platform', true),
          ${entering(scope, { writes: !readOnly, whileClosed })}, set_config('role', 'igny8_app', true)`,
        fn,
        readOnly,
      ),
    withStaff: (scope, fn) =>
      pass(
        borrow,
        `select set_config('role', 'igny8_platform', true), ${entering(scope, { writes: true, staff: true })},
          set_config('app.platform_reason', 'staff', true)`,
        fn,
        false,
      ),
    withPlatform(reason, fn) {
      const enter = `select set_config('role', 'igny8_platform', true), set_config('app.platform_reason', '${reason}', true)`
      return APART.has(reason) ? transact(borrow, enter, fn, false) : pass(borrow, enter, fn, false)
    },
  }
}

/** Committed at once even in a joined transaction: a try counts before its outcome is known. */
const APART: ReadonlySet<PlatformReason> = new Set(['throttle_sign_in'])

async function borrowFrom(pool: Sql, lent: Set<Promise<void>>): Promise<Borrowed> {
  const connection = await lendConnection(pool)
  const returned = Promise.withResolvers<void>()
  lent.add(returned.promise)
  return {
    connection,
    giveBack() {
      connection.release()
      lent.delete(returned.promise)
      returned.resolve()
    },
  }
}

function entering(
  { accountId, user, apiKey }: Scope,
  {
    writes,
    whileClosed = false,
    staff = false,
  }: { writes: boolean; whileClosed?: boolean; staff?: boolean },
): string {
  const person = user ? `${integer(user.id)}, '${user.role}'` : 'null, null'
  const key = apiKey ? `'${sha256Hex(apiKey.hash)}'` : 'null'
  return `igny8_enter(${integer(accountId)}, ${person}, ${key}, ${writes}, ${whileClosed}, ${staff})`
}

/** The opening statements are one simple query, so they carry no parameters. */
function integer(value: number): string {
  if (!Number.isSafeInteger(value)) throw new TypeError(`not an id: ${value}`)
  return String(value)
}

function sha256Hex(hash: string): string {
  if (!/^[0-9a-f]{64}$/.test(hash)) throw new TypeError('not a hash')
  return hash
}

/** In the joined transaction of the request, where there is one. */
async function pass<T>(
  borrow: () => Promise<Borrowed>,
  enter: string,
  fn: (tx: Tx) => Promise<T>,
  readOnly: boolean,
): Promise<T> {
  const { level } = ambient()
  if (!level || level.joined.over) return transact(borrow, enter, fn, readOnly)
  try {
    return await level.pass(enter, (connection) => fn(transactionOver(connection)))
  } catch (error) {
    throw scopeError(error)
  }
}

async function transact<T>(
  borrow: () => Promise<Borrowed>,
  enter: string,
  fn: (tx: Tx) => Promise<T>,
  readOnly: boolean,
): Promise<T> {
  const { connection, giveBack } = await borrow()
  // Not awaited: the first query of `fn` goes out behind it in the same round trip.
  const opened = connection.open(`begin${readOnly ? ' read only' : ''}; ${enter}`)
  const entered = opened.then(
    () => undefined,
    (error: unknown) => error,
  )
  try {
    const result = await fn(transactionOver(connection))
    const refused = await entered
    if (refused) throw refused
    const committed = connection.commit()
    // A reader has its answer already; the connection goes back once the server is done with it.
    if (readOnly) committed.then(giveBack, giveBack)
    else await committed
    if (!readOnly) giveBack()
    return result
  } catch (error) {
    const refused = await entered
    connection.rollback().then(giveBack)
    throw refused ? scopeError(refused) : error
  }
}

function scopeError(error: unknown): unknown {
  const { code, message } = error as { code?: string; message?: string }
  if (code === 'IG401') return new StaleTokenError('the token does not fit its user any more')
  if (code === 'IG403') return new ReadOnlyScopeError(message as ReadOnlyScopeError['why'])
  if (code === 'IG404') return new AccountNotFoundError('no such account')
  return error
}

/** drizzle over a lent connection. */
function transactionOver(connection: Lent): Tx {
  const session = new PostgresJsSession(connection as unknown as Sql, dialect, undefined, {})
  const db = new PostgresJsDatabase(dialect, session as never, undefined)
  return Object.assign(db, { $sql: connection.sql }) as unknown as Tx
}
