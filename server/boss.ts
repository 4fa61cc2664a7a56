import { type Db, PgBoss } from 'pg-boss'
import postgres, { type Sql } from 'postgres'
import type { Tx } from '../db/tenancy.ts'
import type { Logger } from './logger.ts'
import type { JobContract, Queue } from './queue.ts'

const SCHEMA = 'pgboss'
const SET_UP_LOCK = 4_937_180_002
/** A job is taken back from a worker that died by `jobs/recover.ts`, long before this. */
const EXPIRE_SECONDS = 6 * 3600

/**
 * pg-boss binds JSON as text that it has serialised itself, and expects int8 as text: a client of
 * its own, since `drizzle()` changes what it wraps.
 */
function openBossPool(url: string): Sql {
  const asText = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))
  const json = (oid: number, from: number[]) => ({
    to: oid,
    from,
    serialize: asText,
    parse: (text: string) => JSON.parse(text),
  })
  return postgres(url, {
    max: 4,
    onnotice: () => {},
    connection: { application_name: 'igny8-queue' },
    types: {
      json: json(114, [114]),
      jsonb: json(3802, [3802]),
      bigint: { to: 20, from: [20], serialize: String, parse: (text: string) => text },
    },
  }) as unknown as Sql
}

type Statements = Pick<Sql, 'unsafe'>

async function execute(on: Statements, text: string, values: unknown[] | undefined) {
  const rows = await on.unsafe(text, (values ?? []) as never[], {
    prepare: Boolean(values?.length),
  })
  // A script of several statements answers with a list of results.
  return {
    rows: Array.isArray(rows[0]) ? rows.flatMap((result) => [...(result as never[])]) : [...rows],
  }
}

/** What pg-boss needs of a database, over a postgres.js pool. */
function bossDatabase(sql: Sql): Db {
  return {
    async executeSql(text, values) {
      if (!/^\s*BEGIN\b/i.test(text)) return execute(sql, text, values)
      const reserved = await sql.reserve()
      try {
        return await execute(reserved, text, values)
      } catch (error) {
        await reserved.unsafe('rollback')
        throw error
      } finally {
        reserved.release()
      }
    },
    async listen(channel, onNotification, onReconnect) {
      const listener = await sql.listen(channel, onNotification, onReconnect)
      return { close: () => listener.unlisten() }
    },
  }
}

export type Boss = { pgBoss: PgBoss; queue: Queue; stop(): Promise<void> }

/**
 * Starts pg-boss with a queue for each contract. `work`: this process carries out jobs as well, so
 * it listens and looks after the queues.
 */
export async function startBoss(
  url: string,
  contracts: JobContract[],
  options: { work: boolean; logger: Logger },
): Promise<Boss> {
  const sql = openBossPool(url)
  const pgBoss = new PgBoss({
    db: bossDatabase(sql),
    schema: SCHEMA,
    supervise: options.work,
    schedule: false,
    useListenNotify: options.work,
    monitorVacuum: false,
  })
  pgBoss.on('error', (error) => options.logger.error({ err: error }, 'queue'))
  await oneAtATime(sql, () => setUp(sql, pgBoss, contracts))
  return {
    pgBoss,
    queue: queueOver(pgBoss),
    async stop() {
      await pgBoss.stop({ graceful: true, timeout: 30_000, close: false })
      await sql.end({ timeout: 5 })
    },
  }
}

/**
 * Enqueues only, where no process lives on to look after anything: the workers set the queues up. Opens
 * no connection once it is there, since jobs are written in the callers' transactions.
 */
export async function openQueue(url: string): Promise<Queue> {
  const sql = openBossPool(url)
  const pgBoss = new PgBoss({
    db: bossDatabase(sql),
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
    await sql.end()
  }
  return queueOver(pgBoss)
}

async function setUp(sql: Sql, pgBoss: PgBoss, contracts: JobContract[]): Promise<void> {
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
  await sql.unsafe(`grant usage on schema ${SCHEMA} to igny8_app, igny8_platform;
    grant select, insert, update on all tables in schema ${SCHEMA} to igny8_app, igny8_platform;
    grant execute on all functions in schema ${SCHEMA} to igny8_app, igny8_platform`)
}

/** Several processes may start at once, and neither queues nor grants can be made by two together. */
async function oneAtATime(sql: Sql, work: () => Promise<void>): Promise<void> {
  const lock = await sql.reserve()
  try {
    await lock`select pg_advisory_lock(${SET_UP_LOCK})`
    await work()
    await lock`select pg_advisory_unlock(${SET_UP_LOCK})`
  } finally {
    lock.release()
  }
}

function queueOver(pgBoss: PgBoss): Queue {
  return {
    async enqueue(tx, contract, payload, afterSeconds = 0) {
      // One waiting job a step: whoever finds a step without one may enqueue it again.
      await pgBoss.send(contract.name, contract.payload.parse(payload), {
        singletonKey: `${payload.account_id}:${payload.step_id}`,
        ...(afterSeconds > 0 ? { startAfter: Math.ceil(afterSeconds) } : {}),
        db: transactionDatabase(tx),
      })
    },
  }
}

function transactionDatabase(tx: Tx): Db {
  return { executeSql: (text, values) => execute(tx.$sql, text, values) }
}
