import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Client } from '../helpers/client.ts'
import { type OpenAiServer, startOpenAiServer } from '../helpers/openai-server.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { until } from '../helpers/until.ts'

type Place = { site_id: number; sector_id: number }

let ai: OpenAiServer
let service: TestService
beforeAll(async () => {
  ai = await startOpenAiServer()
  service = await startTestService({ allowPrivateSites: [ai.hostPort] })
})
afterAll(async () => {
  await service.stop()
  await ai.stop()
})

async function accountWithKeywords(count: number): Promise<{ owner: Client; place: Place }> {
  const owner = await service.owner()
  const site = await owner.post<{ id: number }>('auth/sites/', { name: 'Blog' })
  const sector = await owner.post<{ id: number }>('auth/sectors/', {
    site_id: site.body.id,
    name: 'Coffee',
  })
  const place = { site_id: site.body.id, sector_id: sector.body.id }
  for (let n = 0; n < count; n++) {
    await owner.post('planner/keywords/', { ...place, keyword: `coffee keyword ${n}` })
  }
  return { owner, place }
}

async function queuedTask(owner: Client, place: Place, title = 'A task'): Promise<number> {
  return (await owner.post<{ id: number }>('writer/tasks/', { ...place, title })).body.id
}

describe('a run', () => {
  it('is accepted with its credits held, ends in SUCCESS and has charged them', async () => {
    const { owner, place } = await accountWithKeywords(31)
    const accepted = await owner.post<{ task_id: number }>('planner/keywords/auto_cluster/', place)
    expect(accepted.status).toBe(202)
    const progress = await owner.follow(accepted.body.task_id)
    expect(progress).toMatchObject({
      state: 'SUCCESS',
      error: null,
      meta: { percentage: 100, current: 31, total: 31, phase: 'done' },
    })
    expect(progress.meta.request_steps).not.toEqual([])
    const balance = await owner.get('billing/balance/')
    expect(balance.body).toEqual({ balance: 498, granted: 500, charged: 2, held: 0 })
    const ledger = await owner.get<{ results: { transaction_type: string; amount: number }[] }>(
      'billing/transactions/?ordering=created_at',
    )
    expect(ledger.body.results.map((row) => `${row.transaction_type} ${row.amount}`)).toEqual([
      'grant 500',
      'hold 2',
      'charge 2',
    ])
  })

  it('is refused with 402 before anything is written when the credits do not suffice', async () => {
    const { owner, place } = await accountWithKeywords(0)
    await service.sql`update accounts set credits = 5 where id = ${owner.accountId}`
    const ids = [await queuedTask(owner, place), await queuedTask(owner, place)]
    const answer = await owner.post('writer/tasks/auto_generate_content/', { ids })
    expect([answer.status, answer.body.code]).toEqual([402, 'insufficient_credits'])
    const rows = await service.sql`select 1 from runs where account_id = ${owner.accountId}`
    expect(rows).toHaveLength(0)
  })

  it('is accepted for ten of fifty at once when the balance is for ten, and the ledger adds up', async () => {
    const { owner, place } = await accountWithKeywords(0)
    await service.sql`insert into credit_transactions
      (account_id, transaction_type, amount, balance_after, description)
      values (${owner.accountId}, 'charge', 470, 30, 'Spent before')`
    await service.sql`update accounts set credits = 30 where id = ${owner.accountId}`
    const ids = []
    for (let n = 0; n < 50; n++) ids.push(await queuedTask(owner, place))
    const answers = await Promise.all(
      ids.map((id) =>
        owner.post<{ task_id: number }>('writer/tasks/auto_generate_content/', { ids: [id] }),
      ),
    )
    const accepted = answers.filter(({ status }) => status === 202)
    expect(accepted).toHaveLength(10)
    expect(answers.filter(({ status }) => status === 402)).toHaveLength(40)
    for (const { body } of accepted)
      expect((await owner.follow(body.task_id)).state).toBe('SUCCESS')
    const [sums] = await service.sql`select
        sum(amount) filter (where transaction_type = 'grant')::int as granted,
        sum(amount) filter (where transaction_type = 'charge')::int as charged,
        sum(amount) filter (where transaction_type = 'hold')::int as held,
        coalesce(sum(amount) filter (where transaction_type = 'release'), 0)::int as released
      from credit_transactions where account_id = ${owner.accountId}`
    expect(sums).toEqual({ granted: 500, charged: 500, held: 30, released: 0 })
    const { balance } = (await owner.get<{ balance: number }>('billing/balance/')).body
    expect(balance).toBe(0)
    const [last] =
      await service.sql`select balance_after::int as balance_after from credit_transactions
      where account_id = ${owner.accountId} order by id desc limit 1`
    expect(last!.balance_after).toBe(0)
  })

  it('works on an object once: a second one is a 409', async () => {
    const { owner, place } = await accountWithKeywords(0)
    const id = await queuedTask(owner, place)
    const answers = await Promise.all(
      [1, 2, 3].map(() => owner.post('writer/tasks/auto_generate_content/', { ids: [id] })),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409, 409])
  })
})

describe('with an AI server', () => {
  async function withAi() {
    const { owner, place } = await accountWithKeywords(0)
    const config = { api_key: 'sk-secret-value-1234', base_url: ai.url }
    const saved = await owner.call('PUT', 'system/settings/integrations/openai/', { config })
    expect(saved.status).toBe(200)
    return { owner, place, saved }
  }

  it('keeps the key to itself', async () => {
    const { owner, saved } = await withAi()
    expect((saved.body.config as { api_key: string }).api_key).toBe('…1234')
    const read = await owner.get('system/settings/integrations/openai/')
    expect(JSON.stringify([saved.body, read.body])).not.toContain('sk-secret')
    const rows =
      await service.sql`select string_agg(t::text, ' ') as text from integration_settings t`
    expect(rows[0]!.text).not.toContain('sk-secret')
  })

  it('ends in FAILURE when the key is refused: nothing is charged, the task says why', async () => {
    const { owner, place } = await withAi()
    const id = await queuedTask(owner, place)
    ai.script({ do: 'status', status: 401 })
    const progress = await owner.run('writer/tasks/auto_generate_content/', { ids: [id] })
    expect(progress.state).toBe('FAILURE')
    expect(progress.error?.code).toBe('ai_key_refused')
    expect(JSON.stringify(progress)).not.toContain('sk-secret')
    expect((await owner.get('billing/balance/')).body).toMatchObject({
      balance: 500,
      charged: 0,
      held: 0,
    })
    const task = await owner.get(`writer/tasks/${id}/`)
    expect(task.body).toMatchObject({ status: 'queued', error: { code: 'ai_key_refused' } })
  })

  it('cancels what has not begun, gives its credits back, and lets finish what runs', async () => {
    const { owner, place } = await withAi()
    const ids = []
    for (let n = 0; n < 8; n++) ids.push(await queuedTask(owner, place, `Task ${n}`))
    const gate = Promise.withResolvers<void>()
    ai.script(...Array.from({ length: 4 }, () => ({ do: 'wait', until: gate.promise }) as const))
    const already = ai.requests.length
    const accepted = await owner.post<{ task_id: number }>('writer/tasks/auto_generate_content/', {
      ids,
    })
    await until(() => ai.requests.length >= already + 4, { what: 'the fourth request' })
    const path = `system/settings/task_progress/${accepted.body.task_id}/`
    const cancelled = await owner.post<{ state: string }>(`${path}cancel/`)
    expect(cancelled.body.state).toBe('PROGRESS')
    gate.resolve()
    const progress = await owner.follow(accepted.body.task_id)
    expect(progress.state).toBe('CANCELLED')
    const states = progress.result!.steps.map(({ state }) => state)
    expect(states.filter((state) => state === 'succeeded')).toHaveLength(4)
    expect(states.filter((state) => state === 'cancelled')).toHaveLength(4)
    expect((await owner.get('billing/balance/')).body).toEqual({
      balance: 488,
      granted: 500,
      charged: 12,
      held: 0,
    })
  })
})

it('streams every change of a run as it happens, to its end', async () => {
  const { owner, place } = await accountWithKeywords(3)
  const accepted = await owner.post<{ task_id: number }>('planner/keywords/auto_cluster/', place)
  const response = await fetch(
    `${service.url}/api/v1/system/settings/task_progress/${accepted.body.task_id}/stream/`,
    { headers: { authorization: `Bearer ${owner.token}` } },
  )
  expect(response.headers.get('content-type')).toContain('text/event-stream')
  const events = (await response.text())
    .split('\n\n')
    .filter((event) => event.startsWith('event: progress'))
    .map(
      (event) =>
        JSON.parse(event.split('data: ')[1]!) as { state: string; meta: { percentage: number } },
    )
  expect(events.length).toBeGreaterThan(1)
  expect(events.at(-1)!.state).toBe('SUCCESS')
  const percentages = events.map(({ meta }) => meta.percentage)
  expect(percentages).toEqual([...percentages].sort((a, b) => a - b))
})
