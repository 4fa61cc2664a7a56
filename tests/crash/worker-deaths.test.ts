import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { linkedBlog, type Place } from '../publishing/linked-blog.ts'
import { startWordPress, type WordPress } from '../wordpress/wordpress.ts'
import { type MortalWorker, startMortalWorker } from './mortal-worker.ts'

const PROGRAM = fileURLToPath(new URL('./poisoned-process.ts', import.meta.url))

let wordpress: WordPress
let service: TestService
let worker: MortalWorker
let owner: Client
let place: Place
let isOver = false
let hurrying: Promise<void>
beforeAll(async () => {
  wordpress = await startWordPress()
  service = await startTestService({
    role: 'api',
    allowPrivateSites: [new URL(wordpress.url).host],
  })
  worker = await startMortalWorker(service, 1_000, PROGRAM)
  owner = await service.owner()
  await service.sql`update accounts set credits = 1000 where id = ${owner.accountId}`
  place = await linkedBlog(owner, wordpress)
  hurrying = hurry()
})
afterAll(async () => {
  isOver = true
  await hurrying
  await worker?.stop()
  await service?.stop()
  await wordpress?.stop()
})

/** Has what waits to run alone once more run at once. */
async function hurry(): Promise<void> {
  for (; !isOver; await delay(500)) {
    await service.sql`update pgboss.job set start_after = now()
      where state = 'created' and start_after > now() + interval '3 seconds'`
  }
}

/** What was noted before each death of a worker on the task of this title. */
function deathsOf(title: string): { deaths: number; running: number }[] {
  const file = path.join(service.dataDir, 'deaths.jsonl')
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
  return lines.map((line) => JSON.parse(line)).filter((death) => death.title === title)
}

async function newTasks(titles: string[]): Promise<number[]> {
  const ids: number[] = []
  for (const title of titles) {
    const { body } = await owner.post<{ id: number }>('writer/tasks/', { ...place, title })
    ids.push(body.id)
  }
  return ids
}

async function written(title: string): Promise<number> {
  const ids = await newTasks([title])
  const run = await owner.run('writer/tasks/auto_generate_content/', { ids })
  expect(run.state, JSON.stringify(run)).toBe('SUCCESS')
  return ids[0]!
}

/** Publishes a task on which five workers have died. */
async function publishAfterFive(id: number) {
  const { body } = await owner.post<{ task_id: number }>('writer/tasks/publish/', { ids: [id] })
  await service.sql`update run_steps set deaths = 5 where run_id = ${body.task_id}`
  return owner.follow(body.task_id)
}

const postsNamed = (title: string) =>
  wordpress.query('select ID from wp_posts where post_title = ? and post_type = ?', title, 'post')
const stepOf = async (id: number) => {
  const [step] = await service.sql`select state, error, result, deaths, retries from run_steps
    where kind = 'publish' and object_id = ${id}`
  return step!
}

it('gives up the step that kills workers after it did so alone, and no other', async () => {
  const others = Array.from({ length: 9 }, (_, n) => `Article ${n}`)
  const ids = await newTasks([...others.slice(0, 4), 'poison', ...others.slice(4)])
  const run = await owner.run('writer/tasks/auto_generate_content/', { ids })
  const failed = run.result!.steps.filter(({ state }) => state !== 'succeeded')
  expect(failed).toMatchObject([{ object_id: ids[4], error: { code: 'worker_died' } }])
  const deaths = deathsOf('poison')
  expect(deaths.map((death) => death.deaths)).toEqual([0, 1, 2, 3, 4, 5])
  expect(Math.max(...deaths.slice(0, 3).map(({ running }) => running))).toBeGreaterThan(1)
  expect(deaths.slice(3).map(({ running }) => running)).toEqual([1, 1, 1])
  const balance = await owner.get('billing/balance/')
  expect(balance.body).toMatchObject({ charged: 9 * 3, held: 0 })
  const retried = await service.sql`select id from run_steps where retries > 0`
  expect(retried).toEqual([])
}, 900_000)

it('ends a publication as published whose post is on record, though it kills workers', async () => {
  for (const title of ['dies when it is told', 'dies once recorded']) {
    const id = await written(title)
    const run = await publishAfterFive(id)
    expect(run.state, `${title}: ${JSON.stringify(run)}`).toBe('SUCCESS')
    expect(deathsOf(title)).toHaveLength(1)
    const posts = postsNamed(title)
    expect(posts).toHaveLength(1)
    const task = async () => (await owner.get<Record<string, unknown>>(`writer/tasks/${id}/`)).body
    expect(await task()).toMatchObject({ assigned_post_id: posts[0]!.ID, error: null })
    // The watchdog reads the rest from WordPress.
    await expect
      .poll(task, { timeout: 60_000 })
      .toMatchObject({ status: 'completed', post_url: expect.stringContaining(wordpress.url) })
  }
}, 900_000)

it('says that the post may be in WordPress when nobody knows, and finds out when asked again', async () => {
  const title = 'dies with an intent'
  const id = await written(title)
  const run = await publishAfterFive(id)
  expect(run).toMatchObject({ state: 'FAILURE', error: { code: 'worker_died' } })
  expect(run.error!.message).toContain('WordPress may have the post')
  expect((await stepOf(id)).deaths).toBe(6)
  await owner.call('PATCH', `writer/tasks/${id}/`, { title: 'lives' })
  const again = await owner.run('writer/tasks/publish/', { ids: [id] })
  expect(again.state, JSON.stringify(again)).toBe('SUCCESS')
  expect([...postsNamed(title), ...postsNamed('lives')]).toHaveLength(1)
}, 900_000)
