import { eq, sql as raw } from 'drizzle-orm'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import {
  AccountNotFoundError,
  type Database,
  openDatabase,
  StaleTokenError,
} from '../../db/database.ts'
import { REQUEST_LIMITS } from '../../db/limits.ts'
import { Pool } from '../../db/pool.ts'
import { accounts, plans, type Role, users } from '../../db/schema/accounts.ts'
import { clusters } from '../../db/schema/planner.ts'
import { site_user_access, sites } from '../../db/schema/sites.ts'
import { cloneTemplate } from '../helpers/database.ts'

let url: string
let pool: Pool
let admin: postgres.Sql
let database: Database
beforeAll(async () => {
  url = await cloneTemplate(inject('postgresUrl'))
  pool = new Pool(url, { size: 2 })
  database = openDatabase(pool, REQUEST_LIMITS)
  admin = postgres(url, { max: 1 })
})
afterAll(async () => {
  await admin.end()
  await database.close()
})

let made = 0
async function account(slug = `account-${++made}`) {
  return database.withPlatform('register', async (tx) => {
    const [plan] = await tx.select().from(plans).limit(1)
    const [row] = await tx
      .insert(accounts)
      .values({ name: slug, slug, plan_id: plan!.id })
      .returning()
    return row!.id
  })
}

async function user(accountId: number, role: Role) {
  return database.withPlatform('register', async (tx) => {
    const email = `user-${++made}@example.test`
    const [row] = await tx
      .insert(users)
      .values({ account_id: accountId, email, password_hash: '-', role })
      .returning()
    return { id: row!.id, role }
  })
}

async function site(accountId: number) {
  return database.withAccount({ accountId }, async (tx) => {
    const name = `site-${++made}`
    const [row] = await tx
      .insert(sites)
      .values({ account_id: accountId, name, slug: name })
      .returning()
    return row!.id
  })
}

const siteIds = (scope: Parameters<Database['withAccount']>[0]) =>
  database.withAccount(
    scope,
    async (tx) => (await tx.select({ id: sites.id }).from(sites)).map(({ id }) => id),
    { readOnly: true },
  )

it("sees the rows of its account and nobody else's", async () => {
  const [mine, other] = [await account(), await account()]
  const mySite = await site(mine)
  await site(other)
  expect(await siteIds({ accountId: mine })).toEqual([mySite])
})

it('shows no rows outside withAccount, withStaff and withPlatform', async () => {
  const mine = await account()
  await site(mine)
  await admin.begin(async (tx) => {
    await tx`set local role igny8_app`
    expect(await tx`select * from sites`).toHaveLength(0)
    expect(await tx`select * from users`).toHaveLength(0)
  })
})

it('refuses to insert a row of another account, and changes none', async () => {
  const [mine, other] = [await account(), await account()]
  const theirs = await site(other)
  await expect(
    database.withAccount({ accountId: mine }, (tx) =>
      tx.insert(sites).values({ account_id: other, name: 'x', slug: 'x' }),
    ),
  ).rejects.toThrow()
  await database.withAccount({ accountId: mine }, (tx) =>
    tx.update(sites).set({ name: 'taken' }).where(eq(sites.id, theirs)),
  )
  const [row] = await admin`select name from sites where id = ${theirs}`
  expect(row!.name).not.toBe('taken')
})

it('refuses a reference across accounts', async () => {
  const [mine, other] = [await account(), await account()]
  const theirs = await site(other)
  const refused = database.withAccount({ accountId: mine }, (tx) =>
    tx.insert(clusters).values({ account_id: mine, site_id: theirs, sector_id: 1, name: 'x' }),
  )
  await expect(refused).rejects.toMatchObject({ cause: { code: '23503' } })
})

it('shows an editor only the granted sites, and an admin all of them', async () => {
  const mine = await account()
  const [granted, hidden] = [await site(mine), await site(mine)]
  const editor = await user(mine, 'editor')
  const admin = await user(mine, 'admin')
  expect(await siteIds({ accountId: mine, user: editor })).toEqual([])
  await database.withAccount({ accountId: mine }, (tx) =>
    tx.insert(site_user_access).values({ account_id: mine, site_id: granted, user_id: editor.id }),
  )
  expect(await siteIds({ accountId: mine, user: editor })).toEqual([granted])
  expect((await siteIds({ accountId: mine, user: admin })).sort()).toEqual([granted, hidden].sort())
})

it('refuses a token whose user was deactivated or has another role', async () => {
  const mine = await account()
  const editor = await user(mine, 'editor')
  await expect(
    siteIds({ accountId: mine, user: { id: editor.id, role: 'admin' } }),
  ).rejects.toThrow(StaleTokenError)
  await database.withPlatform('register', (tx) =>
    tx.update(users).set({ is_active: false }).where(eq(users.id, editor.id)),
  )
  await expect(siteIds({ accountId: mine, user: editor })).rejects.toThrow(StaleTokenError)
})

it('lets platform staff into a named account and nobody else', async () => {
  const [mine, other] = [await account(), await account()]
  const theirs = await site(other)
  const owner = await user(mine, 'owner')
  const developer = await user(mine, 'developer')
  await expect(siteIds({ accountId: other, user: owner })).rejects.toThrow(AccountNotFoundError)
  expect(await siteIds({ accountId: other, user: developer })).toEqual([theirs])
  await expect(siteIds({ accountId: 999_999, user: developer })).rejects.toThrow(
    AccountNotFoundError,
  )
  const system = await account('aws-admin')
  const staff = await user(system, 'admin')
  expect(await siteIds({ accountId: other, user: staff })).toEqual([theirs])
})

it('refuses writes in a read-only transaction, and rolls back a failed one', async () => {
  const mine = await account()
  const values = { account_id: mine, name: 'x', slug: 'x' }
  await expect(
    database.withAccount({ accountId: mine }, (tx) => tx.insert(sites).values(values), {
      readOnly: true,
    }),
  ).rejects.toThrow()
  await expect(
    database.withAccount({ accountId: mine }, async (tx) => {
      await tx.insert(sites).values(values)
      throw new Error('no')
    }),
  ).rejects.toThrow('no')
  expect(await siteIds({ accountId: mine })).toEqual([])
})

it('reports a transaction that failed inside as failed', async () => {
  const mine = await account()
  const swallowed = database.withAccount({ accountId: mine }, async (tx) => {
    await tx.execute(raw`select 1 / 0`).catch(() => undefined)
  })
  await expect(swallowed).rejects.toThrow('rolled back')
})

it('leaves neither role nor account behind on a pooled connection', async () => {
  const mine = await account()
  for (let n = 0; n < 6; n++) await siteIds({ accountId: mine })
  const connections = [await pool.acquire(), await pool.acquire()]
  for (const connection of connections) {
    const [row] = await connection.unsafe(
      "select current_user as role, current_setting('app.account_id', true) as account",
    )
    expect(row).toEqual({ role: 'postgres', account: '' })
    pool.release(connection)
  }
})

it('survives a connection that the server closes during a transaction', async () => {
  const mine = await account()
  const ended = () =>
    database.withAccount({ accountId: mine }, async (tx) => {
      const [row] = await tx.execute(raw`select pg_backend_pid()::int as pid`)
      await admin`select pg_terminate_backend(${row!.pid as number}, 5000)`
      return tx.select().from(sites)
    })
  // Each of the two connections is lost in turn, and replaced.
  for (let n = 0; n < 4; n++) await expect(ended()).rejects.toThrow()
  const reads = Array.from({ length: 20 }, () => siteIds({ accountId: mine }))
  expect(await Promise.all(reads)).toEqual(reads.map(() => []))
})

it('serves two accounts over two connections without ever mixing them', async () => {
  const ids = [await account(), await account()]
  const owned = new Map<number, number>()
  for (const id of ids) owned.set(id, await site(id))
  const readMany = async (_: unknown, reader: number) => {
    for (let n = 0; n < 100; n++) {
      const id = ids[(reader + n) % 2]!
      expect(await siteIds({ accountId: id })).toEqual([owned.get(id)])
    }
  }
  await Promise.all(Array.from({ length: 20 }, readMany))
})
