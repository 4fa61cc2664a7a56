import { once } from 'node:events'
import net from 'node:net'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { type Database, openDatabase } from '../../db/database.ts'
import { REQUEST_LIMITS } from '../../db/limits.ts'
import { Pool } from '../../db/pool.ts'
import { accounts, plans } from '../../db/schema/accounts.ts'
import { sites } from '../../db/schema/sites.ts'
import { cloneTemplate } from '../helpers/database.ts'

/** How often the client wrote after it had heard from the server: what a far database would cost. */
let flights = 0
let wire: net.Server
let database: Database
let accountId: number
beforeAll(async () => {
  const url = new URL(await cloneTemplate(inject('postgresUrl')))
  const postgres = { host: url.hostname, port: Number(url.port) }
  wire = net.createServer((client) => {
    const server = net.connect(postgres)
    let heard = true
    client.on('data', (bytes) => {
      if (heard) flights++
      heard = false
      server.write(bytes)
    })
    server.on('data', (bytes) => {
      heard = true
      client.write(bytes)
    })
    client.on('close', () => server.destroy())
    server.on('close', () => client.destroy())
    for (const socket of [client, server]) socket.on('error', () => {})
  })
  wire.listen(0, '127.0.0.1')
  await once(wire, 'listening')
  url.port = String((wire.address() as net.AddressInfo).port)
  database = openDatabase(new Pool(url.href, { size: 1 }), REQUEST_LIMITS)
  accountId = await database.withPlatform('register', async (tx) => {
    const [plan] = await tx.select().from(plans).limit(1)
    const values = { name: 'A', slug: 'a', plan_id: plan!.id }
    const [account] = await tx.insert(accounts).values(values).returning()
    return account!.id
  })
})
afterAll(async () => {
  await database.close()
  wire.close()
})

async function flightsOf(work: () => Promise<unknown>): Promise<number> {
  // The first time a statement is prepared; the commit of a reader is not waited for.
  await work()
  await database.withAccount({ accountId }, async () => {})
  flights = 0
  await work()
  return flights
}

it('reads of an account in one round trip, with the account set and checked', async () => {
  const read = () =>
    database.withAccount({ accountId }, (tx) => tx.select().from(sites), { readOnly: true })
  expect(await flightsOf(read)).toBe(1)
})

it('reads two things in one round trip', async () => {
  const read = () =>
    database.withAccount(
      { accountId },
      (tx) => Promise.all([tx.select().from(sites), tx.select().from(accounts)]),
      { readOnly: true },
    )
  expect(await flightsOf(read)).toBe(1)
})

it('writes in two round trips: the write and the commit', async () => {
  const write = () =>
    database.withAccount({ accountId }, (tx) => tx.update(sites).set({ name: 'x' }))
  expect(await flightsOf(write)).toBe(2)
})
