import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { balance, getTask, newDraft, newPlace, newTask, type Place } from './place.ts'

type Problem = { code: string; detail: string; task_id?: number }

let service: TestService
let owner: Client
let place: Place

beforeAll(async () => {
  // No worker: what is accepted stays as it was accepted.
  service = await startTestService({ role: 'api' })
  owner = await service.owner()
  place = await newPlace(owner)
})
afterAll(() => service?.stop())

const generate = (client: Client, body: object) =>
  client.post<Problem>('writer/tasks/auto_generate_content/', body)
const illustrate = (client: Client, body: object) =>
  client.post<Problem>('writer/tasks/auto_generate_images/', body)

/** The run's steps, in the order in which they were accepted. */
async function steps(runId: number | undefined) {
  const rows = await service.sql`
    select s.kind, s.object_id::int as task, s.state, s.price, s.params,
      b.kind || ' ' || b.object_id as after
    from run_steps s left join run_steps b on b.id = s.after_step_id
    where s.run_id = ${runId ?? 0} order by s.object_id, s.price = 0, s.price desc`
  return [...rows]
}

describe('accepting articles', () => {
  it('holds their price, with one step per task', async () => {
    const [a, b] = [await newTask(owner, place), await newTask(owner, place)]
    const before = await balance(owner)
    const answer = await generate(owner, { ids: [a.id, b.id, a.id] })
    expect(answer.status).toBe(202)
    expect(await steps(answer.body.task_id)).toEqual(
      [a, b].map(({ id }) => ({
        kind: 'generate_content',
        task: id,
        state: 'pending',
        price: 3,
        params: {},
        after: null,
      })),
    )
    const now = await balance(owner)
    expect(now).toEqual({ ...before, held: before.held + 6, balance: before.balance - 6 })
    const [run] = await service.sql`
      select site_id::int, kind, quote, total from runs where id = ${answer.body.task_id ?? 0}`
    expect(run).toEqual({ site_id: place.site_id, kind: 'generate_content', quote: 6, total: 2 })
  })

  it('chains images and publishing behind the article, in that order', async () => {
    const linked = await newPlace(owner, 'Linked')
    await service.sql`update sites set wp_url = 'http://127.0.0.1:1' where id = ${linked.site_id}`
    const ids = [(await newTask(owner, linked)).id, (await newTask(owner, linked)).id]
    const answer = await generate(owner, { ids, then: ['publish', 'images'] })
    expect(await steps(answer.body.task_id)).toEqual(
      ids.flatMap((task) => [
        {
          kind: 'generate_content',
          task,
          state: 'pending',
          price: 3,
          params: {},
          after: null,
        },
        {
          kind: 'generate_images',
          task,
          state: 'waiting',
          price: 2,
          params: { images_per_task: 2, counts_images: false },
          after: `generate_content ${task}`,
        },
        {
          kind: 'publish',
          task,
          state: 'waiting',
          price: 0,
          params: { status: 'publish' },
          after: `generate_images ${task}`,
        },
      ]),
    )
    const other = await newTask(owner, linked)
    const textOnly = await generate(owner, { ids: [other.id], then: ['publish'] })
    expect((await steps(textOnly.body.task_id)).map(({ kind, after }) => [kind, after])).toEqual([
      ['generate_content', null],
      ['publish', `generate_content ${other.id}`],
    ])
  })

  it('refuses tasks that are not queued, and names them', async () => {
    const [queued, draft] = [await newTask(owner, place), await newDraft(owner, place)]
    const answer = await generate(owner, { ids: [queued.id, draft.id] })
    expect([answer.status, answer.body.code]).toEqual([409, 'wrong_state'])
    expect(answer.body.detail).toContain(`task ${draft.id} is draft`)
    expect(answer.body.detail).not.toContain(`task ${queued.id}`)
  })

  it('refuses a task that is already waiting, without side effects', async () => {
    const task = await newTask(owner, place)
    await generate(owner, { ids: [task.id] })
    const before = await balance(owner)
    const again = await generate(owner, { ids: [task.id, (await newTask(owner, place)).id] })
    expect([again.status, again.body.code]).toEqual([409, 'already_running'])
    expect(again.body.detail).toContain(String(task.id))
    expect(await balance(owner)).toEqual(before)
  })

  it('accepts a task once for two concurrent requests', async () => {
    const { id } = await newTask(owner, place)
    const before = await balance(owner)
    const answers = await Promise.all([1, 2, 3, 4].map(() => generate(owner, { ids: [id] })))
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409, 409, 409])
    expect((await balance(owner)).held).toBe(before.held + 3)
  })

  it('refuses to publish to a site that is not linked, before anything is held', async () => {
    const task = await newTask(owner, place)
    const before = await balance(owner)
    const answer = await generate(owner, { ids: [task.id], then: ['images', 'publish'] })
    expect([answer.status, answer.body.code]).toEqual([409, 'site_not_linked'])
    expect(await balance(owner)).toEqual(before)
    expect((await getTask(owner, task.id)).status).toBe('queued')
  })

  it('refuses a run that the account cannot pay for before anything is queued', async () => {
    const poor = await service.owner('Poor')
    const task = await newTask(poor, await newPlace(poor))
    await service.sql`update accounts set credits = 4 where id = ${poor.accountId}`
    const answer = await generate(poor, { ids: [task.id], then: ['images'] })
    expect([answer.status, answer.body.code]).toEqual([402, 'insufficient_credits'])
    const runs = await service.sql`select id from runs where account_id = ${poor.accountId}`
    expect(runs.length).toBe(0)
    expect((await generate(poor, { ids: [task.id] })).status).toBe(202)
  })

  it('refuses what is not valid', async () => {
    const { id } = await newTask(owner, place)
    for (const body of [
      {},
      { ids: [] },
      { ids: [id], then: ['sell'] },
      { ids: [id], images_per_task: 2 },
      { ids: [id], then: ['images'], images_per_task: 0 },
      { ids: Array.from({ length: 1001 }, (_, i) => i + 1) },
    ]) {
      expect([body, (await generate(owner, body)).status]).toEqual([body, 400])
    }
  })
})

describe('accepting images', () => {
  it('holds the price of the originals asked for', async () => {
    const task = await newDraft(owner, place)
    const before = await balance(owner)
    const answer = await illustrate(owner, { ids: [task.id], images_per_task: 3 })
    expect(await steps(answer.body.task_id)).toMatchObject([
      { kind: 'generate_images', price: 3, params: { images_per_task: 3, counts_images: true } },
    ])
    expect((await balance(owner)).held).toBe(before.held + 3)
  })

  it('refuses more than the plan allows, naming the limit', async () => {
    const task = await newDraft(owner, place)
    const answer = await illustrate(owner, { ids: [task.id], images_per_task: 5 })
    expect([answer.status, answer.body.code]).toEqual([429, 'plan_limit_reached'])
    expect(answer.body).toMatchObject({
      limit: 'max_images_per_task',
      limit_value: 4,
      resets_at: null,
    })
    const queued = await newTask(owner, place)
    const chained = await generate(owner, {
      ids: [queued.id],
      then: ['images'],
      images_per_task: 5,
    })
    expect(chained.status).toBe(429)
  })

  it('refuses a task that has no article', async () => {
    const task = await newTask(owner, place)
    const answer = await illustrate(owner, { ids: [task.id] })
    expect([answer.status, answer.body.code]).toEqual([409, 'wrong_state'])
    expect(answer.body.detail).toContain(`task ${task.id} is queued`)
  })

  it('makes images of published tasks too', async () => {
    const task = await newDraft(owner, place)
    await service.sql`update tasks set status = 'published' where id = ${task.id}`
    expect((await illustrate(owner, { ids: [task.id] })).status).toBe(202)
  })
})
