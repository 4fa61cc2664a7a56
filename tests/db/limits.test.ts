import { once } from 'node:events'
import net from 'node:net'
import { eq, sql as raw } from 'drizzle-orm'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { type Database, openDatabase } from '../../db/database.ts'
import type { Limits } from '../../db/limits.ts'
import { Pool } from '../../db/pool.ts'
import { plans } from '../../db/schema/accounts.ts'
import { cloneTemplate } from '../helpers/database.ts'

const SHORT: Limits = { statementMs: 1000, lockMs: 300, idleMs: 1000, transactionMs: 5000 }
const overloaded = { name: 'DatabaseUnavailableError', why: 'overloaded' }
const unavailable = { name: 'DatabaseUnavailableError', why: 'unavailable' }

let url: string
let pool: Pool
let database: Database
let admin: postgres.Sql
beforeAll(async () => {
  url = await cloneTemplate(inject('postgresUrl'))
  pool = new Pool(url, { size: 1 })
  database = openDatabase(pool, { read: SHORT, write: SHORT, long: SHORT })
  admin = postgres(url, { max: 2, onnotice: () => {} })
})
afterAll(async () => {
  await admin.end()
  await database.close()
})

const asPlatform = <T>(fn: Parameters<typeof database.withPlatform<T>>[1]) =>
  database.withPlatform('measure', fn)
/** The pool has its one connection again, and it works. */
const works = () =>
  expect(asPlatform((tx) => tx.execute(raw`select 1 as one`))).resolves.toEqual([{ one: 1 }])

it('fails a wait for a connection at its limit, and gives the connection to the next request', async () => {
  const held = await pool.acquire()
  await expect(Promise.all([pool.acquire(), pool.acquire()])).rejects.toMatchObject(overloaded)
  pool.release(held)
  await works()
  await works()
})

it('hands out connections in the order of the requests', async () => {
  const held = await pool.acquire()
  const served: number[] = []
  const waiting = [1, 2, 3].map(async (n) => {
    const connection = await pool.acquire()
    served.push(n)
    pool.release(connection)
  })
  pool.release(held)
  await Promise.all(waiting)
  expect(served).toEqual([1, 2, 3])
})

it('gives one account at most half of the connections', async () => {
  const four = new Pool(url, { size: 4 })
  const served: string[] = []
  const ask = async (name: string, who?: number) => {
    const connection = await four.acquire(who)
    served.push(name)
    return () => four.release(connection, who)
  }
  const releaseFirst = await ask('a', 1)
  const second = await ask('b', 1)
  const third = ask('c', 1)
  const others = [await ask('other', 2), await ask('nobody')]
  expect(served).toEqual(['a', 'b', 'other', 'nobody'])
  for (const release of others) release()
  expect(served).toHaveLength(4)
  releaseFirst()
  const last = await third
  const refused = four.acquire(1)
  await expect(refused).rejects.toMatchObject(overloaded)
  for (const release of [second, last]) release()
  await four.close()
  expect(four.inUse).toBe(0)
})

it('refuses a transaction inside another one', async () => {
  await expect(asPlatform(() => asPlatform(async () => {}))).rejects.toThrow('inside another one')
  await works()
})

it('ends a statement, a wait for a lock and an idle transaction at their limits', async () => {
  await expect(asPlatform((tx) => tx.execute(raw`select pg_sleep(30)`))).rejects.toMatchObject(
    overloaded,
  )
  await admin.begin(async (tx) => {
    await tx`select from plans for update`
    await expect(
      asPlatform((tx) => tx.update(plans).set({ is_active: true })),
    ).rejects.toMatchObject(overloaded)
  })
  const idle = asPlatform(async (tx) => {
    const [row] = await tx.execute<{ pid: number }>(raw`select pg_backend_pid() as pid`)
    const { pid } = row!
    await expect
      .poll(() => admin`select from pg_stat_activity where pid = ${pid}`, { timeout: 20_000 })
      .toHaveLength(0)
    await tx.execute(raw`select 1`)
  })
  await expect(idle).rejects.toMatchObject(unavailable)
  await works()
})

it('ends a transaction as a whole at its limit, though no statement is past its own', async () => {
  const busy = asPlatform(async (tx) => {
    for (;;) await tx.execute(raw`select pg_sleep(0.1)`)
  })
  await expect(busy).rejects.toMatchObject(overloaded)
  await works()
})

it('gives a request transaction the longest time limit of its savepoints', async () => {
  const two = new Pool(url, { size: 1 })
  const short = { ...SHORT, transactionMs: 2000 }
  const own = openDatabase(two, {
    read: short,
    write: short,
    long: { ...SHORT, transactionMs: 60_000 },
  })
  const nothing = { onBegin: async () => {}, beforeEarlyCommit: async () => {} }
  const [account] = await admin`insert into accounts (name, slug, plan_id)
    select 'Long', 'long', id from plans limit 1 returning id`
  const sleep = async (tx: { execute(query: ReturnType<typeof raw>): unknown }) => {
    for (let n = 0; n < 6; n++) await tx.execute(raw`select pg_sleep(0.4)`)
    return 'done'
  }
  const pass = (long: boolean) =>
    own.inRequestTransaction(nothing, async (transaction) => {
      try {
        return await own.withAccount({ accountId: Number(account!.id) }, sleep, { long })
      } finally {
        await transaction.rollback()
      }
    })
  expect(await pass(true)).toBe('done')
  await expect(pass(false)).rejects.toMatchObject(overloaded)
  await own.close()
})

it('counts a wait for a connection from where it began', async () => {
  const held = await pool.acquire()
  const late = database.waitingSince(performance.now() - 60_000, () => pool.acquire())
  const patience = new Promise((resolve) => setTimeout(resolve, 3_500, 'waits'))
  await expect(Promise.race([late, patience])).rejects.toMatchObject(overloaded)
  pool.release(held)
  await works()
})

it('fails within seconds if nothing listens, nothing responds, or every connection closes', async () => {
  const mute = net.createServer(() => {}).listen(0, '127.0.0.1')
  const ending = net.createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
  await Promise.all([once(mute, 'listening'), once(ending, 'listening')])
  const ports = [1, ...[mute, ending].map((one) => (one.address() as net.AddressInfo).port)]
  const began = performance.now()
  await Promise.all(
    ports.map((port) =>
      expect(new Pool(`postgres://x@127.0.0.1:${port}/x`).acquire()).rejects.toMatchObject(
        unavailable,
      ),
    ),
  )
  expect(performance.now() - began).toBeLessThan(15_000)
  mute.close()
  ending.close()
})

it('reports an unconfirmed commit as possibly done', async () => {
  await admin`create table slow (id int)`
  await admin`grant insert on slow to igny8_platform`
  await admin.unsafe(`create function sleeps() returns trigger language plpgsql as
    $$ begin perform pg_sleep(20); return null; end $$;
    create constraint trigger sleeps after insert on slow deferrable initially deferred
    for each row execute function sleeps()`)
  let pid = 0
  const long = { ...SHORT, statementMs: 30_000, transactionMs: 30_000 }
  const patient = openDatabase(pool, { read: long, write: long, long })
  const written = patient.withPlatform('measure', async (tx) => {
    const [row] = await tx.execute<{ pid: number }>(raw`select pg_backend_pid() as pid`)
    pid = row!.pid
    await tx.execute(raw`insert into slow values (1)`)
  })
  const ended = expect(written).rejects.toMatchObject({ ...unavailable, outcomeUnknown: true })
  await expect
    .poll(
      async () => (await admin`select query from pg_stat_activity where pid = ${pid}`)[0]?.query,
      {
        timeout: 20_000,
      },
    )
    .toBe('commit')
  await admin`select pg_terminate_backend(${pid})`
  await ended
  await works()
})

const nothing = { onBegin: async () => {}, beforeEarlyCommit: async () => {} }
const names = async () => (await admin`select name from plans`).map(({ name }) => name)
const rename = (name: string) => (tx: Parameters<Parameters<typeof database.withPlatform>[1]>[0]) =>
  tx.update(plans).set({ name }).where(eq(plans.slug, 'free'))

it('keeps a separate commit when the request transaction is rolled back, over one connection', async () => {
  await database.inRequestTransaction(nothing, async (transaction) => {
    await database.withPlatform('measure', (tx) => tx.select().from(plans))
    await database.withPlatform('throttle_sign_in', rename('apart'))
    await database.withPlatform('measure', rename('request'))
    await transaction.rollback()
  })
  expect(await names()).toContain('apart')
  expect(await names()).not.toContain('request')
})

it('refuses a separate commit after a write, which would be committed with it', async () => {
  await database.inRequestTransaction(nothing, async (transaction) => {
    await database.withPlatform('measure', rename('request'))
    await expect(database.withPlatform('throttle_sign_in', rename('apart'))).rejects.toThrow(
      'before the first write',
    )
    await transaction.rollback()
  })
  expect(await names()).not.toContain('request')
})
