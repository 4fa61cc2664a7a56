import { PgDialect } from 'drizzle-orm/pg-core'
import { PostgresJsDatabase, PostgresJsSession } from 'drizzle-orm/postgres-js'
import type { Sql } from 'postgres'
import { entering } from './entering.ts'
import { type Limits, setLimits, type WorkLimits } from './limits.ts'
import type { Pool } from './pool.ts'
import { type QueryTally, requestContext, withContext } from './request-context.ts'
import { type RequestHooks, RequestTransaction, Savepoint } from './request-transaction.ts'
import type { Role } from './schema/accounts.ts'
import { TransactionConnection } from './transaction-connection.ts'
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

/** A transaction that sees only the rows of its scope. `$sql` is the same connection, for what drizzle lacks. */
export type Tx = PostgresJsDatabase & { readonly $sql: TransactionConnection['sql'] }

/** Why a transaction may see rows of more than one account. */
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
 * The only way to the tables. Every method throws `DatabaseUnavailableError` when the database is too busy
 * or cannot be reached, within the limits of `limits.ts`. A `with…` call inside another one throws, because
 * code that holds one connection must not wait for a second. Inside a request transaction it is a savepoint.
 */
export type Database = {
  /**
   * Runs `fn` in a transaction that sees the rows of one account. A user sees only the sites they were
   * granted. A read-only transaction costs a single round trip when `fn` sends one query.
   * `whileClosed` allows a write to a suspended or cancelled account. `long` gives the transaction the
   * time limits of long work.
   * @throws `StaleTokenError` or `AccountNotFoundError` when the scope is no longer valid, and
   *   `ReadOnlyScopeError` when the scope must not write
   */
  withAccount<T>(
    scope: Scope,
    fn: (tx: Tx) => Promise<T>,
    options?: { readOnly?: boolean; whileClosed?: boolean; long?: boolean },
  ): Promise<T>
  /** Runs `fn` for platform staff, in a transaction that sees the rows of all accounts. */
  withStaff<T>(scope: Scope, fn: (tx: Tx) => Promise<T>): Promise<T>
  /**
   * Runs `fn` in a transaction that sees the rows of all accounts. `throttle_sign_in` is committed at once
   * even inside a request transaction, which must not have written anything yet: a sign-in attempt counts
   * before its outcome is known.
   */
  withPlatform<T>(reason: PlatformReason, fn: (tx: Tx) => Promise<T>): Promise<T>
  /**
   * Runs all database work of `fn` in one request transaction, which `fn` commits or rolls back.
   * `accountId` is the caller's account, whose share of the pool the connection counts against.
   */
  inRequestTransaction<T>(
    hooks: RequestHooks,
    fn: (transaction: RequestTransaction) => Promise<T>,
    accountId?: number,
  ): Promise<T>
  /**
   * Commits the request transaction before the request ends, so that others see its writes. `answer` is the
   * response to store if the process dies before the real one is sent.
   */
  commitEarly(answer: unknown): Promise<void>
  /**
   * Returns the connection of the request transaction to the pool until the next query. Call this before
   * slow work. Throws inside a `with…` call, and after the request transaction has written anything.
   */
  releaseConnection(): Promise<void>
  /** Runs `fn`, and counts its wait for a connection from `since`, a time of `performance.now()`. */
  waitingSince<T>(since: number, fn: () => Promise<T>): Promise<T>
  /** Runs `fn` and counts its queries and their time in `tally`. */
  countQueries<T>(tally: QueryTally, fn: () => Promise<T>): Promise<T>
  /** How many connections are in use. */
  connectionsInUse(): number
  /** Closes the pool once every connection is released. */
  close(): Promise<void>
}

/** The user was deactivated, or got another role, after the token was issued. */
export class StaleTokenError extends Error {}
export class AccountNotFoundError extends Error {}
/** The scope must not write: its account is closed, or its API key is read-only. */
export class ReadOnlyScopeError extends Error {
  readonly why: 'account_suspended' | 'account_cancelled' | 'key_reads'
  constructor(why: ReadOnlyScopeError['why']) {
    super(`read only: ${why}`)
    this.why = why
  }
}

const dialect = new PgDialect()

/** Committed at once even inside a request transaction. */
const SEPARATE: ReadonlySet<PlatformReason> = new Set(['throttle_sign_in'])

/** Opens the tables over one pool. */
export function openDatabase(pool: Pool, limits: WorkLimits): Database {
  const begin = (
    kind: Limits,
    enter: string,
    { readOnly = false, who: accountId }: { readOnly?: boolean; who?: number | undefined } = {},
  ): Transaction => ({
    pool,
    accountId: accountId,
    enter: `${setLimits(kind)}; ${enter}`,
    limitMs: kind.transactionMs,
    readOnly,
  })
  return {
    close: () => pool.close(),
    connectionsInUse: () => pool.inUse,
    waitingSince: (since, fn) => withContext({ waitingSince: since }, fn),
    countQueries: (tally, fn) => withContext({ tally }, fn),
    inRequestTransaction(hooks, fn, accountId) {
      const { write } = limits
      const begins = { opening: `begin; ${setLimits(write)}`, limitMs: write.transactionMs }
      const transaction = new RequestTransaction(() => borrow(pool, accountId), begins, hooks)
      return withContext({ savepoint: new Savepoint(transaction) }, () => fn(transaction))
    },
    async commitEarly(answer) {
      const { savepoint } = requestContext()
      if (savepoint && !savepoint.request.ended) await savepoint.request.commitEarly(answer)
    },
    async releaseConnection() {
      const { savepoint, connection } = requestContext()
      if (connection && !connection.released)
        throw new Error('releaseConnection() was called inside a transaction.')
      if (savepoint && !savepoint.request.ended) await savepoint.releaseConnection()
    },
    withAccount(scope, fn, { readOnly = false, whileClosed = false, long = false } = {}) {
      const kind = long ? limits.long : readOnly ? limits.read : limits.write
      const enter = `select set_config('role', 'igny8_platform', true),
        ${entering(scope, { writes: !readOnly, whileClosed })}, set_config('role', 'igny8_app', true)`
      // The worker limits its own concurrency.
      const accountId = scope.user || scope.apiKey ? scope.accountId : undefined
      return runInTransaction(begin(kind, enter, { readOnly, who: accountId }), fn)
    },
    withStaff(scope, fn) {
      const enter = `select set_config('role', 'igny8_platform', true), ${entering(scope, { writes: true, staff: true })},
        set_config('app.platform_reason', 'staff', true)`
      return runInTransaction(begin(limits.write, enter), fn)
    },
    withPlatform(reason, fn) {
      const enter = `select set_config('role', 'igny8_platform', true), set_config('app.platform_reason', '${reason}', true)`
      const transaction = begin(limits.write, enter)
      return SEPARATE.has(reason)
        ? runSeparately(transaction, fn)
        : runInTransaction(transaction, fn)
    },
  }
}

/** What one `with…` call needs to run as a transaction. */
type Transaction = {
  pool: Pool
  /** The account whose share of the pool the connection counts against. */
  accountId: number | undefined
  enter: string
  limitMs: number
  readOnly: boolean
}

async function borrow(pool: Pool, accountId: number | undefined): Promise<TransactionConnection> {
  const { connection: held } = requestContext()
  if (held && !held.released) {
    throw new Error(
      'A transaction was opened inside another one. It would hold one connection while it waits for a second, ' +
        'which deadlocks once the pool is empty. Pass `tx` on, or run one transaction after the other.',
    )
  }
  const connection = await pool.acquire(accountId)
  return new TransactionConnection(connection, () => pool.release(connection, accountId))
}

/** Runs `fn` as a savepoint of the request transaction, or else in a transaction of its own. */
async function runInTransaction<T>(
  transaction: Transaction,
  fn: (tx: Tx) => Promise<T>,
): Promise<T> {
  const { savepoint } = requestContext()
  if (!savepoint || savepoint.request.ended) return runAlone(transaction, fn)
  try {
    return await savepoint.run(transaction, (connection) => fn(drizzleOver(connection)))
  } catch (error) {
    throw scopeError(error)
  }
}

async function runSeparately<T>(transaction: Transaction, fn: (tx: Tx) => Promise<T>): Promise<T> {
  const { savepoint } = requestContext()
  if (!savepoint || savepoint.request.ended) return runAlone(transaction, fn)
  return savepoint.runSeparately(async (connection) => {
    try {
      const result = await runIn(connection, transaction, fn)
      await connection.commit()
      return result
    } catch (error) {
      await connection.rollback()
      throw error
    }
  })
}

async function runAlone<T>(transaction: Transaction, fn: (tx: Tx) => Promise<T>): Promise<T> {
  const connection = await borrow(transaction.pool, transaction.accountId)
  const release = () => connection.release()
  try {
    const result = await runIn(connection, transaction, fn)
    const committed = connection.commit()
    // A reader already has its result, so it does not wait for the commit.
    if (transaction.readOnly) committed.then(release, release)
    else await committed.finally(release)
    return result
  } catch (error) {
    connection.rollback().then(release)
    throw error
  }
}

/** Begins the transaction and runs `fn` in it. The caller commits it or rolls it back. */
async function runIn<T>(
  connection: TransactionConnection,
  { enter, limitMs, readOnly }: Transaction,
  fn: (tx: Tx) => Promise<T>,
): Promise<T> {
  // Not awaited: the first query of `fn` goes out behind it in the same round trip.
  const entered = connection.open(`begin${readOnly ? ' read only' : ''}; ${enter}`).then(
    () => connection.limit(limitMs),
    (error: unknown) => error,
  )
  const refusal = async () => {
    const refused = await entered
    if (refused) throw scopeError(refused)
  }
  try {
    const inside = { savepoint: undefined, connection }
    const result = await withContext(inside, () => fn(drizzleOver(connection)))
    await refusal()
    return result
  } catch (error) {
    await refusal()
    throw scopeError(error)
  }
}

function scopeError(error: unknown): unknown {
  const { code, message } = error as { code?: string; message?: string }
  if (code === 'IG401') return new StaleTokenError('the token no longer matches its user')
  if (code === 'IG403') return new ReadOnlyScopeError(message as ReadOnlyScopeError['why'])
  if (code === 'IG404') return new AccountNotFoundError('no such account')
  return unavailable(error) ?? error
}

/** Drizzle over the connection of a transaction. */
function drizzleOver(connection: TransactionConnection): Tx {
  const session = new PostgresJsSession(connection as unknown as Sql, dialect, undefined, {})
  const db = new PostgresJsDatabase(dialect, session as never, undefined)
  return Object.assign(db, { $sql: connection.sql }) as unknown as Tx
}
