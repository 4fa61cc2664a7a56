import postgres, { type Sql } from 'postgres'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { type Database, openDatabase } from '../../db/database.ts'
import { WORKER_LIMITS } from '../../db/limits.ts'
import { Pool } from '../../db/pool.ts'
import type { Deps } from '../../server/deps.ts'
import { systemCaller } from '../../server/identity/system-caller.ts'
import { deleteKeywords } from '../../server/planner/bulk-keywords.ts'
import { planUnpublishing } from '../../server/publishing/plan-publishing.ts'
import { cloneTemplate } from '../helpers/database.ts'

let sql: Sql
let database: Database
let accountId: number
let place: { account_id: number; site_id: number; sector_id: number }
beforeAll(async () => {
  const url = await cloneTemplate(inject('postgresUrl'))
  sql = postgres(url, { max: 3, onnotice: () => {} })
  database = openDatabase(new Pool(url, { size: 2 }), WORKER_LIMITS)
  const [row] = await sql`insert into accounts (name, slug, plan_id)
    select 'A', 'a', min(id) from plans returning id::int`
  accountId = row!.id
  const [site] = await sql`insert into sites (account_id, name, slug, wp_url)
    values (${accountId}, 'S', 's', 'https://example.test') returning id::int`
  const [sector] = await sql`insert into sectors (account_id, site_id, name, slug)
    values (${accountId}, ${site!.id}, 'T', 't') returning id::int`
  place = { account_id: accountId, site_id: site!.id, sector_id: sector!.id }
})
afterAll(async () => {
  await sql.end()
  await database.close()
})

async function newTask(): Promise<number> {
  const task = { ...place, title: 'T', status: 'published', assigned_post_id: 1 }
  const [row] = await sql`insert into tasks ${sql(task)} returning id::int`
  return row!.id
}

it('refuses to unpublish a task while its publication writes what it did', async () => {
  const id = await newTask()
  const [run] = await sql`insert into runs (account_id, kind, total)
    values (${accountId}, 'publish', 1) returning id`
  await sql`insert into run_steps (account_id, run_id, kind, object_id, state)
    values (${accountId}, ${run!.id}, 'publish', ${id}, 'running')`
  await sql.begin(async (writing) => {
    await writing`select from run_steps where run_id = ${run!.id} for update`
    const asked = database.withAccount({ accountId }, (tx) => planUnpublishing(tx, id))
    await expect(asked).rejects.toMatchObject({ code: 'already_running' })
  })
})

it('deletes keywords and publishes their tasks in one order', async () => {
  const tasks = [await newTask(), await newTask()]
  const keywords: number[] = []
  for (const [n, task_id] of tasks.toReversed().entries()) {
    const [row] =
      await sql`insert into keywords ${sql({ ...place, keyword: `k${n}` })} returning id::int`
    keywords.push(row!.id)
    await sql`insert into task_keywords (account_id, task_id, keyword_id)
      values (${accountId}, ${task_id}, ${row!.id})`
  }
  let deleting: Promise<unknown> | undefined
  await sql.begin(async (publishing) => {
    await publishing`select from tasks where id = ${tasks[0]!} for no key update`
    deleting = deleteKeywords({ database } as Deps, systemCaller(accountId), keywords)
    const waiting = () => sql`select from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`
    await expect.poll(waiting, { timeout: 20_000 }).not.toHaveLength(0)
    await publishing`select from tasks where id = ${tasks[1]!} for no key update`
  })
  expect(await deleting).toMatchObject({ deleted: 2 })
})
