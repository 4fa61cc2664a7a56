import { type Db, PgBoss } from 'pg-boss'
import type { Connection } from '../../db/connection.ts'
import type { Tx } from '../../db/database.ts'
import { Pool } from '../../db/pool.ts'
import { keepSession } from '../../db/session.ts'
import { type DatabaseUnavailableError, unavailable } from '../../db/unavailable.ts'
import type { Logger } from '../observability/logger.ts'
import { queueOver } from './fair-queue.ts'
import type { JobContract, Queue } from './queue.ts'

const SCHEMA = 'pgboss'
const SET_UP_LOCK = 4_937_180_002
/** `jobs/steps/recover-steps.ts` recovers the jobs of a dead worker long before this expires. */
const EXPIRE_SECONDS = 6 * 3600
/** How long running jobs may take when pg-boss stops; the worker has already waited for them. */
const STOP_LIMIT_MS = 3_000
/** The limit of a statement of pg-boss, including maintenance. */
const STATEMENT_LIMIT_MS = 5 * 60_000
/** The limit for creating the queues, including waiting for other processes that start. */
const SET_UP_LIMIT_MS = 5 * 60_000

/**
 * A separate pool, because pg-boss binds JSON as text and expects int8 as text, and `drizzle()` changes the
 * parsers of the client that it wraps.
 */
function openBossPool(url: string): Pool {
  const asText = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))
  const json = (oid: number, from: number[]) => ({
    to: oid,
    from,
    serialize: asText,
    parse: (text: string) => JSON.parse(text),
  })
  return new Pool(url, {
    size: 4,
    name: 'igny8-queue',
    types: {
      json: json(114, [114]),
      jsonb: json(3802, [3802]),
      bigint: { to: 20, from: [20], serialize: String, parse: (text: string) => text },
    },
  })
}

type Statements = Pick<Connection, 'unsafe'>

async function execute(on: Statements, text: string, values: unknown[] | undefined) {
  const rows = await on.unsafe(text, (values ?? []) as never[], {
    prepare: Boolean(values?.length),
  })
  // A script of several statements returns a list of results.
  return {
    rows: Array.isArray(rows[0]) ? rows.flatMap((result) => [...(result as never[])]) : [...rows],
  }
}

/** The database interface that pg-boss expects. */
function bossDatabase(url: string, pool: Pool): Db {
  return {
    async executeSql(text, values) {
      const connection = await pool.acquire()
      connection.limit(STATEMENT_LIMIT_MS)
      try {
        return await execute(connection, text, values)
      } catch (error) {
        // A script may have failed within its transaction.
        if (/^\s*BEGIN\b/i.test(text)) connection.lose('a script of the queue failed')
        throw unavailable(error) ?? error
      } finally {
        pool.release(connection)
      }
    },
    async listen(channel, onNotification, onReconnect) {
      const session = keepSession(url, {
        name: 'igny8-queue-listener',
        setUp: async (sql) => {
          await sql`listen ${sql(channel)}`
          onReconnect?.()
        },
        onNotify: (_, payload) => onNotification(payload),
      })
      await session.ready
      return { close: () => session.stop() }
    },
  }
}

export type Boss = {
  pgBoss: PgBoss
  queue: Queue
  /** Closes every connection of the queue; see `Pool.cut`. */
  cut(why: string): void
  stop(): Promise<void>
}

/**
 * Starts pg-boss with a queue for each contract. With `work` this process also runs jobs, so it listens and
 * maintains the queues.
 */
export async function startBoss(
  url: string,
  contracts: JobContract[],
  options: { work: boolean; logger: Logger },
): Promise<Boss> {
  const pool = openBossPool(url)
  const pgBoss = new PgBoss({
    db: bossDatabase(url, pool),
    schema: SCHEMA,
    supervise: options.work,
    schedule: false,
    useListenNotify: options.work,
    monitorVacuum: false,
  })
  // pg-boss converts errors of its workers to plain objects.
  pgBoss.on('error', (error: Partial<DatabaseUnavailableError>) => {
    const { name, why } = error
    if (name === 'DatabaseUnavailableError' && why === 'unavailable') return
    options.logger.error({ err: error }, 'queue')
  })
  try {
    await oneAtATime(pool, (on) => setUp(on, pgBoss, contracts))
  } catch (error) {
    await pgBoss.stop({ graceful: false, close: false }).catch(() => {})
    await pool.close()
    throw error
  }
  return {
    pgBoss,
    queue: queueOver(pgBoss, transactionDatabase),
    cut: (why) => pool.cut(why),
    async stop() {
      await pgBoss.stop({ graceful: true, timeout: STOP_LIMIT_MS, close: false })
      await pool.close()
    },
  }
}

/**
 * A queue that only enqueues, for Workers: the Node workers create and maintain the queues. It opens no
 * connection, because jobs are inserted in the callers' transactions.
 */
export async function openQueue(url: string): Promise<Queue> {
  const pool = openBossPool(url)
  const pgBoss = new PgBoss({
    db: bossDatabase(url, pool),
    schema: SCHEMA,
    migrate: false,
    supervise: false,
    schedule: false,
    registerInstance: false,
  })
  try {
    await pgBoss.start()
    await pgBoss.stop({ graceful: false, close: false })
  } finally {
    await pool.close()
  }
  return queueOver(pgBoss, transactionDatabase)
}

async function setUp(on: Statements, pgBoss: PgBoss, contracts: JobContract[]): Promise<void> {
  await pgBoss.start()
  for (const { name } of contracts) {
    await pgBoss.createQueue(name, {
      policy: 'short',
      notify: true,
      retryLimit: 0,
      expireInSeconds: EXPIRE_SECONDS,
    })
  }
  // Jobs are enqueued inside transactions of these roles.
  await on.unsafe(`grant usage on schema ${SCHEMA} to igny8_app, igny8_platform;
    grant select, insert, update on all tables in schema ${SCHEMA} to igny8_app, igny8_platform;
    grant execute on all functions in schema ${SCHEMA} to igny8_app, igny8_platform`)
}

/** Serialises the set-up: concurrent processes cannot create queues or grants at the same time. */
async function oneAtATime(pool: Pool, work: (on: Statements) => Promise<void>): Promise<void> {
  const lock = await pool.acquire()
  try {
    lock.limit(SET_UP_LIMIT_MS)
    await lock.unsafe(`select pg_advisory_lock(${SET_UP_LOCK})`)
    await work(lock)
  } finally {
    // The lock ends with its connection.
    lock.lose('set up')
    pool.release(lock)
  }
}

function transactionDatabase(tx: Tx): Db {
  return { executeSql: (text, values) => execute(tx.$sql, text, values) }
}
