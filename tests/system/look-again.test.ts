import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { registry } from '../../jobs/registry.ts'
import { PollLater, type Step } from '../../jobs/steps/step.ts'
import type { Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { newSector } from '../planner/sector.ts'

const write = registry.generate_content.handler
const draw = registry.generate_images.handler
const errors: unknown[] = []
let service: TestService
let isStopped = false
let owner: Client
let place: { site_id: number; sector_id: number }
beforeAll(async () => {
  const logger = { info() {}, warn() {}, error: (error: unknown) => errors.push(error) }
  service = await startTestService({ logger })
  owner = await service.owner()
  place = await newSector(owner)
})
afterEach(() => {
  registry.generate_content.handler = write
  registry.generate_images.handler = draw
})
afterAll(async () => {
  if (!isStopped) await service.stop()
})

async function begin(more: { then?: string[] } = {}): Promise<number> {
  const task = await owner.post<{ id: number }>('writer/tasks/', { ...place, title: 'Again' })
  const ids = [task.body.id]
  const run = await owner.post<{ task_id: number }>('writer/tasks/auto_generate_content/', {
    ids,
    ...more,
  })
  return run.body.task_id
}

const again = (message: string, afterMs = 0) => new PollLater('busy', message, afterMs)

it('stores the message of a site without characters that the database cannot store', async () => {
  registry.generate_content.handler = async (job) => {
    if (job.step.attempt === 1) throw again('a\0b \ud800')
    const [run] = await service.sql`select message from runs where id = ${job.step.run_id}`
    expect(run!.message).toBe('ab \ufffd')
    return write(job)
  }
  const run = await owner.follow(await begin())
  expect(run.state, JSON.stringify(run)).toBe('SUCCESS')
  expect(errors).toEqual([])
})

it('resets the deaths of a step that ended while it ran alone', async () => {
  const seen: Pick<Step, 'attempt' | 'deaths'>[] = []
  registry.generate_content.handler = async (job) => {
    const { attempt, deaths } = job.step
    seen.push({ attempt, deaths })
    if (attempt < 3) throw again('busy', attempt === 1 ? 600_000 : 0)
    return write(job)
  }
  const id = await begin()
  await expect.poll(() => stepOf(id, 'retry_at'), { timeout: 30_000 }).not.toBeNull()
  await service.sql`update run_steps set deaths = 4, retry_at = null where run_id = ${id}`
  await service.sql`update pgboss.job set start_after = now()
    where state = 'created' and data ->> 'step_id' = ${String(await stepOf(id, 'id'))}`
  expect((await owner.follow(id)).state).toBe('SUCCESS')
  expect(seen).toEqual([
    { attempt: 1, deaths: 0 },
    { attempt: 2, deaths: 4 },
    { attempt: 3, deaths: 0 },
  ])
})

it('measures the patience with a step from its own start', async () => {
  registry.generate_content.handler = async (job) => {
    await service.sql`update run_steps set created_at = now() - interval '7 hours'
      where run_id = ${job.step.run_id}`
    return write(job)
  }
  registry.generate_images.handler = async (job) => {
    if (job.step.attempt === 1) throw again('Nobody knows yet.')
    return draw(job)
  }
  const run = await owner.follow(await begin({ then: ['images'] }))
  expect(run.state, JSON.stringify(run)).toBe('SUCCESS')
})

it('returns a step to the queue that does not end when the worker stops', async () => {
  registry.generate_content.handler = () => new Promise(() => {})
  const id = await begin()
  await expect.poll(() => stepOf(id, 'state'), { timeout: 30_000 }).toBe('running')
  await service.stop()
  isStopped = true
  const sql = postgres(service.config.databaseUrl!, { max: 1 })
  try {
    const [step] = await sql`select state, deaths, worker_id from run_steps where run_id = ${id}`
    expect(step).toEqual({ state: 'pending', deaths: 0, worker_id: null })
  } finally {
    await sql.end()
  }
}, 60_000)

const stepOf = async (runId: number, column: string) =>
  (
    await service.sql`select ${service.sql(column)} as value from run_steps where run_id = ${runId}`
  )[0]!.value
