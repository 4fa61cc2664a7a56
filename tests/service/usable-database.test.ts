import { once } from 'node:events'
import { renameSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import postgres from 'postgres'
import { afterEach, describe, expect, inject, it, vi } from 'vitest'
import { register, signIn } from '../helpers/client.ts'
import { cloneTemplate } from '../helpers/database.ts'
import { until } from '../helpers/until.ts'
import { startPgBouncer } from './pgbouncer.ts'
import { folder, start } from './started-service.ts'

// Each starts the service several times.
vi.setConfig({ testTimeout: 240_000 })

const KEYS = 'a key that only the tests of this project ever use'
const servers: net.Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** Ends with 1 and one line. */
async function refusal(environment: NodeJS.ProcessEnv): Promise<string> {
  const { child, output, ready } = start(environment)
  await expect(ready).rejects.toThrow()
  expect(child.exitCode).toBe(1)
  const lines = output.err.trim().split('\n')
  expect(lines).toHaveLength(1)
  return lines[0]!
}

/** Passes connections on to a server; nobody is there until it is opened. */
async function passage(to: string) {
  const { hostname, port } = new URL(to)
  const sockets = new Set<net.Socket>()
  const server = net.createServer((client) => {
    const upstream = net.connect(Number(port), hostname)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.pipe(upstream).pipe(client)
  })
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const own = (server.address() as net.AddressInfo).port
  const url = new URL(to)
  url.port = String(own)
  return {
    url: url.href,
    async open() {
      server.listen(own, '127.0.0.1')
      await once(server, 'listening')
    },
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

describe('the start', () => {
  it('is refused with a plan that does not exist, naming the setting and the plans', async () => {
    const line = await refusal({
      DATABASE_URL: await cloneTemplate(inject('postgresUrl')),
      IGNY8_SECRET_KEYS: KEYS,
      IGNY8_DEFAULT_PLAN: 'gold',
    })
    expect(line).toMatch(/^IGNY8_DEFAULT_PLAN: there is no plan "gold"; choose one of .*\bfree\b/)
  })

  it('is refused when the kept keys are gone, and goes on when they are back', async () => {
    const dir = folder()
    const first = start({ IGNY8_DATA_DIR: dir })
    const owner = await register(await first.ready, 'Kept')
    first.child.kill('SIGTERM')
    await once(first.child, 'exit')
    const keys = path.join(dir, 'secret_keys')
    renameSync(keys, `${keys}.away`)
    expect(await refusal({ IGNY8_DATA_DIR: dir })).toMatch(
      /^IGNY8_SECRET_KEYS: \S+secret_keys is missing/,
    )
    renameSync(`${keys}.away`, keys)
    const again = start({ IGNY8_DATA_DIR: dir })
    expect((await signIn(await again.ready, owner.email)).userId).toBe(owner.userId)
  })

  it('is refused with a database that does not exist', async () => {
    const url = new URL(inject('postgresUrl'))
    url.pathname = '/no_such_database'
    const line = await refusal({ DATABASE_URL: url.href, IGNY8_SECRET_KEYS: KEYS })
    expect(line).toMatch(/^DATABASE_URL: database "no_such_database" does not exist/)
  })

  it('is refused with a database of other migrations, and changes nothing in it', async () => {
    const url = await cloneTemplate(inject('postgresUrl'))
    const sql = postgres(url, { max: 1 })
    await sql`update schema_migrations set hash = 'of another version', created_at = 1`
    await sql`delete from plans`
    expect(await refusal({ DATABASE_URL: url, IGNY8_SECRET_KEYS: KEYS })).toMatch(
      /^The database was set up by another version of igny8 and cannot be upgraded/,
    )
    expect(await sql`select from plans`).toHaveLength(0)
    await sql.end()
  })

  it('waits for a database that is not there yet', async () => {
    const database = await passage(await cloneTemplate(inject('postgresUrl')))
    database.close()
    const { output, ready, logged } = start({
      DATABASE_URL: database.url,
      IGNY8_SECRET_KEYS: KEYS,
    })
    await logged(/the database is unavailable/)
    await delay(2_000)
    await database.open()
    await register(await ready, 'Waited')
    const lines = output.err.split('\n').filter((line) => /database/.test(line))
    expect(lines).toEqual([
      expect.stringContaining('the database is unavailable'),
      expect.stringContaining('the database is available again'),
    ])
  })

  it('ends with 0 at SIGTERM while it waits', async () => {
    const database = await passage(inject('postgresUrl'))
    database.close()
    const { child, logged } = start({ DATABASE_URL: database.url, IGNY8_SECRET_KEYS: KEYS })
    await logged(/the database is unavailable/)
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  it('is refused behind PgBouncer in transaction mode, and goes on in session mode', async () => {
    const url = new URL(await cloneTemplate(inject('postgresUrl')))
    for (const size of [1, 5]) {
      const pooled = await startPgBouncer(url, 'transaction', size)
      const line = await refusal({ DATABASE_URL: pooled.url, IGNY8_SECRET_KEYS: KEYS })
      expect(line).toMatch(/^DATABASE_URL: .*pool_mode = transaction.*Use the address/)
      await pooled.stop()
    }
    const pooled = await startPgBouncer(url, 'session', 40)
    const { child, ready } = start({ DATABASE_URL: pooled.url, IGNY8_SECRET_KEYS: KEYS })
    await register(await ready, 'Pooled')
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
    await pooled.stop()
  })
})

describe('an absent database', () => {
  it('is answered with 503 and one line in the log, and served again by itself', async () => {
    const database = await passage(await cloneTemplate(inject('postgresUrl')))
    const { child, output, ready } = start({
      DATABASE_URL: database.url,
      IGNY8_SECRET_KEYS: KEYS,
    })
    const url = await ready
    const owner = await register(url, 'Absent')
    database.close()
    const end = Date.now() + 12_000
    while (Date.now() < end) {
      const began = Date.now()
      const { status, headers, body } = await owner.get('auth/sites/')
      expect([status, body.code]).toEqual([503, 'database_unavailable'])
      expect(headers.get('retry-after')).toBe('5')
      expect(Date.now() - began).toBeLessThan(5_000)
      expect((await fetch(`${url}/healthz`)).status).toBe(200)
      const ready = await fetch(`${url}/readyz`)
      expect([ready.status, ready.headers.get('retry-after')]).toEqual([503, '5'])
      expect(await ready.json()).toMatchObject({ code: 'database_unavailable' })
      await delay(200)
    }
    await database.open()
    const isServed = async () => (await owner.get('auth/sites/')).status === 200
    await until(isServed, { what: 'an answer from the database that is back' })
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
    // Who watches may see it later than a request does.
    const lines = () =>
      output.err
        .split('\n')
        .filter((line) => line.endsWith('}') && JSON.parse(line).msg !== 'request')
        .map((line) => JSON.parse(line).msg)
    await expect
      .poll(lines, { timeout: 20_000 })
      .toEqual([
        expect.stringContaining('the database is unavailable'),
        expect.stringContaining('the database is available again'),
      ])
    database.close()
    child.kill('SIGTERM')
    const began = Date.now()
    expect(await once(child, 'exit')).toEqual([0, null])
    expect(Date.now() - began).toBeLessThan(30_000)
  })
})
