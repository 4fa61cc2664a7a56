import { sql as query } from 'drizzle-orm'
import postgres, { type Sql } from 'postgres'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { type Database, openDatabase, type Tx } from '../../db/database.ts'
import { WORKER_LIMITS } from '../../db/limits.ts'
import { Pool } from '../../db/pool.ts'
import { QueryTally } from '../../db/request-context.ts'
import { resumeSite } from '../../jobs/handlers/publishing/pause.ts'
import { lostSteps, recoverSteps } from '../../jobs/steps/recover-steps.ts'
import type { WorkerDeps } from '../../jobs/steps/step.ts'
import { systemCaller } from '../../server/identity/system-caller.ts'
import { approveTasks } from '../../server/publishing/approve.ts'
import { acceptRun } from '../../server/runs/accept-run.ts'
import { type Boss, startBoss } from '../../server/runs/boss.ts'
import { cancelSteps } from '../../server/runs/cancel-steps.ts'
import { contracts } from '../../server/runs/job-contracts.ts'
import { cloneTemplate } from '../helpers/database.ts'

let url: string
let sql: Sql
let database: Database
let boss: Boss
let accountId: number
let siteId: number
beforeAll(async () => {
  url = await cloneTemplate(inject('postgresUrl'))
  sql = postgres(url, { max: 1, onnotice: () => {} })
  database = openDatabase(new Pool(url, { size: 4 }), WORKER_LIMITS)
  const logger = { info() {}, warn() {}, error: console.error }
  boss = await startBoss(url, Object.values(contracts), { work: false, logger })
  await sql`update plans set daily_ai_requests = 1000000000, daily_content_tasks = 1000000000,
    monthly_content_ai_credits = 1000000000, monthly_word_count_limit = 1000000000`
  const [account] = await sql`insert into accounts (name, slug, plan_id, credits)
    select 'A', 'a', min(id), 1000000 from plans returning id::int`
  accountId = account!.id
  const [site] = await sql`insert into sites (account_id, name, slug)
    values (${accountId}, 'Blog', 'blog') returning id::int`
  siteId = site!.id
})
afterAll(async () => {
  await boss?.stop()
  await database?.close()
  await sql?.end()
})

const deps = () => ({ database, queue: boss.queue }) as unknown as WorkerDeps

/** How many statements it takes. */
async function statements(work: (tx: Tx) => Promise<unknown>): Promise<number> {
  const tally = new QueryTally()
  await database.countQueries(tally, () => database.withAccount({ accountId }, work))
  return tally.queries
}

/** The statements that accepting `n` articles takes, and the run. */
async function accept(n: number, firstTask: number) {
  const contract = contracts.generate_content
  let runId = 0
  const steps = Array.from({ length: n }, (_, i) => ({
    contract,
    objectId: firstTask + i,
    price: 3,
  }))
  const queries = await statements(async (tx) => {
    const run = { kind: 'generate_content', siteId, params: {}, steps } as const
    runId = await acceptRun(tx, boss.queue, systemCaller(accountId), run)
  })
  return { runId, queries }
}

/** Tasks with an article and a publication that waits as it is said. */
async function publications(n: number, wait: 'approval' | 'paused'): Promise<number[]> {
  const rows = await sql`with made as (
      insert into tasks (account_id, site_id, sector_id, title, status)
      select ${accountId}, ${siteId}, s.id, 'T', 'review'
      from generate_series(1, ${n}), (select id from sectors limit 1) as s
      returning id)
    select id::int from made`
  const ids = rows.map(({ id }) => id)
  await sql`insert into content (account_id, site_id, sector_id, task_id, html_content)
    select account_id, site_id, sector_id, id, '<p>x' from tasks where id = any(${ids})`
  const [run] = await sql`insert into runs (account_id, kind, total)
    values (${accountId}, 'publish', ${n}) returning id`
  await sql`insert into run_steps (account_id, run_id, kind, object_id, held)
    select ${accountId}, ${run!.id}, 'publish', id, ${wait} from unnest(${ids}::bigint[]) as id`
  return ids
}

const waiting = async (kind: string) =>
  (
    await sql`select count(*)::int as n from pgboss.job where name = ${kind} and state = 'created'`
  )[0]!.n

it('accepts and cancels a thousand steps in as many statements as two', async () => {
  const few = await accept(2, 1)
  const many = await accept(1_000, 1_001)
  expect(many.queries).toBeLessThanOrEqual(few.queries)
  expect(many.queries).toBeLessThan(15)
  expect(await waiting('generate_content')).toBe(1_002)
  const cancel = (runId: number) => statements((tx) => cancelSteps(tx, runId, 'Cancelled'))
  const ofFew = await cancel(few.runId)
  expect(await cancel(many.runId)).toBeLessThanOrEqual(ofFew)
  expect(ofFew).toBeLessThan(12)
  const [account] = await sql`select credits, (select sum(amount)::int from credit_transactions
    where transaction_type = 'release') as released from accounts where id = ${accountId}`
  expect(account).toEqual({ credits: expect.anything(), released: 3 * 1_002 })
  expect(Number(account!.credits)).toBe(1_000_000)
  const [ledger] = await sql`select balance_after from credit_transactions order by id desc limit 1`
  expect(Number(ledger!.balance_after)).toBe(1_000_000)
  const used = await sql`select metric, used from usage_counters where used <> 0`
  expect(used).toEqual([])
})

it('lets a thousand publications go on in a few statements, in their order', async () => {
  await sql`insert into sectors (account_id, site_id, name, slug) values (${accountId}, ${siteId}, 'S', 's')`
  const ids = await publications(1_000, 'approval')
  const by = systemCaller(accountId)
  const approving = await statements((tx) => approveTasks(tx, boss.queue, by, 'somebody', ids))
  expect(approving).toBeLessThan(12)
  expect(await waiting('publish')).toBe(1_000)
  await publications(1_000, 'paused')
  await sql`update sites set wp_paused_at = now() where id = ${siteId}`
  const resuming = await statements((tx) => resumeSite(tx, deps(), siteId))
  expect(resuming).toBeLessThan(10)
  expect(await waiting('publish')).toBe(2_000)
  const order = await sql`select (data ->> 'step_id')::int as id from pgboss.job
    where name = 'publish' order by priority desc, created_on`
  expect(order.map(({ id }) => id)).toEqual(order.map(({ id }) => id).toSorted((a, b) => a - b))
})

it('has accounts take turns', async () => {
  await sql`delete from pgboss.job`
  await sql`update run_steps set state = 'cancelled'`
  await accept(100, 5_001)
  const [other] = await sql`insert into accounts (name, slug, plan_id, credits)
    select 'B', 'b', min(id), 1000 from plans returning id::int`
  const [run] = await sql`insert into runs (account_id, kind, total)
    values (${other!.id}, 'generate_content', 1) returning id::int`
  const single = async (objectId: number) => {
    const [step] = await sql`insert into run_steps (account_id, run_id, kind, object_id, state)
      values (${other!.id}, ${run!.id}, 'generate_content', ${objectId}, 'waiting') returning id::int`
    const queued = { account_id: other!.id, id: step!.id, kind: 'generate_content' } as const
    await database.withAccount({ accountId: other!.id }, (tx) => boss.queue.enqueue(tx, [queued]))
    const jobs = await sql`select data from pgboss.job where name = 'generate_content'
      order by priority desc, created_on`
    return jobs.findIndex(({ data }) => data.step_id === step!.id)
  }
  expect(await single(1)).toBe(1)
  expect(await single(2)).toBe(3)
})

it('finds the lost among 100,000 pending steps without reading the others, and those begun first', async () => {
  await sql`insert into run_steps (account_id, run_id, kind, object_id, state)
    select ${accountId}, 1, 'generate_ideas', n, 'succeeded' from generate_series(1, 200000) as n`
  await sql`insert into run_steps (account_id, run_id, kind, object_id, updated_at)
    select ${accountId}, 1, 'generate_ideas', n, now() - interval '1 hour'
    from generate_series(1, 100000) as n`
  await sql`insert into pgboss.job (name, data, singleton_key, policy)
    select 'generate_ideas', '{}', account_id || ':' || id, 'short'
    from run_steps where kind = 'generate_ideas' and state = 'pending' and object_id <> 77777`
  const [abandoned] = await sql`insert into run_steps
      (account_id, run_id, kind, object_id, state, worker_id)
    values (${accountId}, 1, 'generate_ideas', 200001, 'running', 12345) returning id::int`
  await sql`analyze run_steps`
  await sql`analyze pgboss.job`
  const lost = await database.withPlatform('recover_steps', (tx) => tx.execute(lostSteps(20)))
  const [forgotten] =
    await sql`select id::int from run_steps where object_id = 77777 and state = 'pending'`
  expect(lost.map(({ id }) => Number(id))).toEqual([abandoned!.id, forgotten!.id])
  const rows = await database.withPlatform('recover_steps', (tx) =>
    tx.execute<Record<string, string>>(query`explain (analyze, buffers) ${lostSteps(20)}`),
  )
  const plan = rows.flatMap((row) => Object.values(row)).join('\n')
  expect(plan).not.toContain('Seq Scan on run_steps')
  expect(plan).toContain('run_steps_pending')
  expect(plan).toMatch(/run_steps_(running|open)/)
  const tally = new QueryTally()
  expect(await database.countQueries(tally, () => recoverSteps(deps(), { atStart: false }))).toBe(2)
  expect(tally.queries).toBeLessThan(7)
  expect(await recoverSteps(deps(), { atStart: false })).toBe(0)
})
