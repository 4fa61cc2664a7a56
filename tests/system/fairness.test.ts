import { setTimeout as delay } from 'node:timers/promises'
import { eq } from 'drizzle-orm'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { tasks } from '../../db/schema/writer.ts'
import { registry } from '../../jobs/registry.ts'
import type { StepHandler } from '../../jobs/steps/step.ts'
import { contracts } from '../../server/runs/job-contracts.ts'
import type { Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { newSector } from '../planner/sector.ts'

const STEPS = 300

let service: TestService
const write: StepHandler = registry.generate_content.handler
/** What an article waits for before it is written, as for a provider, by its title. */
let provider: (title: string) => Promise<unknown>
beforeAll(async () => {
  registry.generate_content.handler = async (job) => {
    const [task] = await job.read((tx) =>
      tx.select({ title: tasks.title }).from(tasks).where(eq(tasks.id, job.step.object_id)),
    )
    await provider(task!.title)
    return write(job)
  }
  service = await startTestService()
})
afterEach(async () => {
  await service.sql`update run_steps set state = 'cancelled' where state = 'pending'`
})
afterAll(async () => {
  registry.generate_content.handler = write
  await service?.stop()
})

/** Has an account write `n` articles, and returns the run. */
async function ask(owner: Client, title: string, n: number): Promise<number> {
  const { site_id, sector_id } = await newSector(owner)
  await service.sql`update accounts set credits = 100000 where id = ${owner.accountId}`
  const made = await service.sql`insert into tasks (account_id, site_id, sector_id, title)
    select ${owner.accountId}, ${site_id}, ${sector_id}, ${title} from generate_series(1, ${n})
    returning id::int`
  const ids = made.map(({ id }) => id)
  const run = await owner.post<{ task_id: number }>('writer/tasks/auto_generate_content/', { ids })
  expect(run.status, JSON.stringify(run.body)).toBe(202)
  return run.body.task_id
}

const doneBy = async (owner: Client) =>
  (
    await service.sql`select count(*)::int as n from run_steps
      where account_id = ${owner.accountId} and state = 'succeeded'`
  )[0]!.n

it(`has one step of an account done among ${STEPS} of another that came before`, async () => {
  provider = () => delay(100)
  const [many, single] = [await service.owner(), await service.owner()]
  await ask(many, 'One of many', STEPS)
  await expect.poll(() => doneBy(many), { timeout: 30_000 }).toBeGreaterThan(0)
  const run = await ask(single, 'The only one', 1)
  expect((await single.follow(run)).state).toBe('SUCCESS')
  const [meanwhile] = await service.sql`select count(*)::int as n from run_steps s
    join run_steps one on one.run_id = ${run} and s.updated_at between one.created_at and one.updated_at
    where s.account_id = ${many.accountId} and s.state = 'succeeded'`
  expect(meanwhile!.n).toBeLessThan(30)
})

it('has a step of another account done while all that one account may have at once hang', async () => {
  const release = Promise.withResolvers<void>()
  provider = (title) => (title === 'Hangs' ? release.promise : Promise.resolve())
  const [hanging, single] = [await service.owner(), await service.owner()]
  await ask(hanging, 'Hangs', 20)
  const running = async () =>
    (await service.sql`select id from run_steps where state = 'running'`).length
  await expect.poll(running, { timeout: 30_000 }).toBe(contracts.generate_content.concurrency)
  try {
    const run = await ask(single, 'Does not', 1)
    expect((await single.follow(run)).state).toBe('SUCCESS')
    expect(await doneBy(hanging)).toBe(0)
  } finally {
    release.resolve()
  }
})
