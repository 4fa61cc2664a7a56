import postgres, { type Sql } from 'postgres'
import { afterAll, beforeAll, beforeEach, expect, inject, it } from 'vitest'
import { type Database, openDatabase } from '../../db/database.ts'
import { WORKER_LIMITS } from '../../db/limits.ts'
import { Pool } from '../../db/pool.ts'
import { type Boss, startBoss } from '../../server/runs/boss.ts'
import { contracts } from '../../server/runs/job-contracts.ts'
import { cloneTemplate } from '../helpers/database.ts'

let sql: Sql
let database: Database
let boss: Boss
let steps = 0
beforeAll(async () => {
  const url = await cloneTemplate(inject('postgresUrl'))
  sql = postgres(url, { max: 1, onnotice: () => {} })
  database = openDatabase(new Pool(url, { size: 2 }), WORKER_LIMITS)
  const logger = { info() {}, warn() {}, error: console.error }
  boss = await startBoss(url, Object.values(contracts), { work: false, logger })
})
beforeEach(() => sql`delete from pgboss.job`)
afterAll(async () => {
  await boss?.stop()
  await database?.close()
  await sql?.end()
})

/** Has an account enqueue so many steps, and returns their numbers. */
async function enqueue(account_id: number, n: number, afterSeconds = 0): Promise<number[]> {
  const ids = Array.from({ length: n }, () => ++steps)
  const queued = ids.map((id) => ({ account_id, id, kind: 'publish' as const, afterSeconds }))
  await database.withPlatform('recover_steps', (tx) => boss.queue.enqueue(tx, queued))
  return ids
}

/** Fetches as workers do. */
async function fetch(n: number): Promise<{ account: number; step: number }[]> {
  const jobs = await boss.pgBoss.fetch<{ account_id: number; step_id: number }>('publish', {
    batchSize: n,
  })
  return jobs.map(({ data }) => ({ account: data.account_id, step: data.step_id }))
}

it('has accounts take turns, however far one of them has come', async () => {
  await enqueue(1, 1_000)
  await fetch(500)
  await enqueue(2, 1_000)
  await enqueue(3, 1_000)
  const next = await fetch(90)
  for (const account of [1, 2, 3]) {
    expect(next.filter((job) => job.account === account)).toHaveLength(30)
  }
})

it('does the steps of an account in their order, also of a later run', async () => {
  const first = await enqueue(1, 100)
  await enqueue(2, 100)
  await fetch(60)
  const second = await enqueue(1, 100)
  const rest = (await fetch(1_000)).filter(({ account }) => account === 1)
  expect(rest.map(({ step }) => step)).toEqual([...first.slice(30), ...second])
})

it('does not let anyone be overtaken forever', async () => {
  await enqueue(1, 1)
  for (let account = 2; account < 20; account++) await enqueue(account, 10)
  expect(await fetch(1)).toMatchObject([{ account: 1 }])
})

it('begins behind those who wait for a time, where nobody else waits', async () => {
  await enqueue(1, 50)
  await fetch(49)
  await enqueue(1, 1, 3600)
  await fetch(1)
  await enqueue(2, 10)
  await sql`update pgboss.job set start_after = now()`
  expect(await fetch(1)).toMatchObject([{ account: 1 }])
})
