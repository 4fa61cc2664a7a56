import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { addUser, type Client, type Json } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { addKeywords, importCsv, newSector, type Row, type Sector } from '../planner/sector.ts'

let service: TestService
let owner: Client
let sector: Sector

beforeAll(async () => {
  service = await startTestService({ planLimits: true })
})
afterAll(() => service.stop())
beforeEach(async () => {
  owner = await service.owner()
  sector = await newSector(owner)
  // A plan of its own: limits that one test sets are in no other's way.
  const [plan] =
    await service.sql`insert into plans (name, slug, max_users, max_sites, max_keywords,
      max_clusters, max_content_ideas, daily_cluster_limit, monthly_cluster_ai_credits,
      daily_content_tasks, daily_ai_requests, monthly_word_count_limit, monthly_content_ai_credits,
      monthly_image_count, daily_image_generation_limit, monthly_image_ai_credits, max_images_per_task)
    select 'Test', 'test-' || ${owner.accountId}, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000,
      1000000, 1000, 1000, 1000, 1000, 4 returning id`
  await service.sql`update accounts set plan_id = ${plan!.id} where id = ${owner.accountId}`
})

const limit = (name: string, value: number) =>
  service.sql`update plans set ${service.sql({ [name]: value })}
    where id = (select plan_id from accounts where id = ${owner.accountId})`
const used = async (metric: string) => {
  const [row] = await service.sql`select used from usage_counters
    where account_id = ${owner.accountId} and metric = ${metric}`
  return Number(row?.used ?? 0)
}
const refused = (name: string, value: number) => ({
  status: 429,
  body: { code: 'plan_limit_reached', limit: name, limit_value: value },
})

let made = 0
const MAKES: Record<string, () => Promise<{ status: number; body: Json }>> = {
  max_users: () =>
    owner.post('auth/users/', {
      email: `limited-${++made}@example.test`,
      password: 'correct horse battery',
      role: 'viewer',
    }),
  max_sites: () => owner.post('auth/sites/', { name: `Site ${++made}` }),
  max_keywords: () => owner.post('planner/keywords/', { ...sector, keyword: `word ${++made}` }),
  max_clusters: () => owner.post('planner/clusters/', { ...sector, name: `Cluster ${++made}` }),
  max_content_ideas: () =>
    owner.post('planner/ideas/', { ...sector, idea_title: `Idea ${++made}` }),
}
/** What a new account has already. */
const THERE: Record<string, number> = { max_users: 1, max_sites: 1 }

describe.each(Object.keys(MAKES))('%s', (name) => {
  const make = MAKES[name]!

  it('accepts one of ten concurrent requests when there is room for one, and names the limit', async () => {
    const value = (THERE[name] ?? 0) + 1
    await limit(name, value)
    const answers = await Promise.all(Array.from({ length: 10 }, () => make()))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    const others = answers.filter(({ status }) => status !== 201)
    for (const answer of others) {
      expect(answer).toMatchObject({ ...refused(name, value), body: { resets_at: null } })
      expect(answer.body.detail).toContain(name)
    }
  })
})

it('frees the room of deleted objects, in bulk and with their sector', async () => {
  await limit('max_keywords', 3)
  const ids = await addKeywords(owner, sector, ['a', 'b', 'c'])
  expect(await MAKES.max_keywords!()).toMatchObject(refused('max_keywords', 3))
  await owner.post('planner/keywords/bulk_delete/', { ids: ids.slice(0, 2) })
  expect((await MAKES.max_keywords!()).status).toBe(201)
  await owner.call('DELETE', `auth/sectors/${sector.sector_id}/`)
  sector = await newSector(owner, 'Again')
  await addKeywords(owner, sector, ['d', 'e'])
  expect((await MAKES.max_keywords!()).status).toBe(201)
  expect((await MAKES.max_keywords!()).status).toBe(429)
})

it('frees the seat of a deactivated user', async () => {
  await limit('max_users', 2)
  const user = await addUser(owner, 'viewer')
  expect((await MAKES.max_users!()).status).toBe(429)
  await owner.call('PATCH', `auth/users/${user.userId}/`, { is_active: false })
  expect((await MAKES.max_users!()).status).toBe(201)
  const back = await owner.call('PATCH', `auth/users/${user.userId}/`, { is_active: true })
  expect(back).toMatchObject(refused('max_users', 2))
})

it('imports nothing of a file that exceeds the plan', async () => {
  await limit('max_keywords', 2)
  const answer = await importCsv<Json>(owner, sector, 'keyword\nx\ny\nz\n')
  expect(answer).toMatchObject(refused('max_keywords', 2))
  expect((await owner.get<{ count: number }>('planner/keywords/')).body.count).toBe(0)
  expect((await importCsv(owner, sector, 'keyword\nx\ny\n')).status).toBe(200)
  // The same again adds nothing.
  expect((await importCsv(owner, sector, 'keyword\nx\ny\n')).status).toBe(200)
})

it('fails a clustering run that exceeds the limit of clusters, free of charge', async () => {
  await limit('max_clusters', 1)
  await addKeywords(owner, sector, ['espresso', 'espresso beans', 'bike lights', 'bike helmet'])
  const run = await owner.run('planner/keywords/auto_cluster/', sector)
  expect(run).toMatchObject({ state: 'FAILURE', error: { code: 'plan_limit_reached' } })
  const { body } = await owner.get('billing/balance/')
  expect(body).toMatchObject({ charged: 0, held: 0 })
  expect(await used('monthly_cluster_ai_credits')).toBe(0)
})

async function newTasks(n: number, fields: object = {}): Promise<number[]> {
  const ids: number[] = []
  for (let i = 0; i < n; i++) {
    const task = await owner.post<Row>('writer/tasks/', {
      ...sector,
      title: `T ${++made}`,
      ...fields,
    })
    ids.push(task.body.id)
  }
  return ids
}
const cluster = async () => {
  sector = await newSector(owner)
  await addKeywords(owner, sector, [`espresso ${++made}`, `espresso beans ${made}`])
  return owner.post('planner/keywords/auto_cluster/', sector)
}
const ideas = async () => {
  const { body } = await owner.post<Row>('planner/clusters/', { ...sector, name: `C ${++made}` })
  return owner.post('planner/clusters/auto_generate_ideas/', {
    ids: [body.id],
    ideas_per_cluster: 3,
  })
}
const write = async () =>
  owner.post('writer/tasks/auto_generate_content/', { ids: await newTasks(1) })
const draw = async () => {
  const article = { html_content: '<p>Text</p>', status: 'draft' }
  return owner.post('writer/tasks/auto_generate_images/', { ids: await newTasks(1, article) })
}

/** Each limit that passes with time: what takes of it, and how much at a time. */
const FLOWS: [string, () => Promise<{ status: number; body: Json }>, number, 'day' | 'month'][] = [
  ['daily_cluster_limit', cluster, 1, 'day'],
  ['monthly_cluster_ai_credits', ideas, 3, 'month'],
  ['daily_content_tasks', write, 1, 'day'],
  ['daily_ai_requests', write, 1, 'day'],
  ['monthly_word_count_limit', write, 1_500, 'month'],
  ['monthly_content_ai_credits', write, 3, 'month'],
  ['monthly_image_count', draw, 2, 'month'],
  ['daily_image_generation_limit', draw, 2, 'day'],
  ['monthly_image_ai_credits', draw, 2, 'month'],
]

it.each(FLOWS)(
  '%s is taken when work is accepted, and resets',
  async (name, act, amount, period) => {
    await limit(name, amount * 2 - 1)
    const first = await act()
    expect(first.status).toBe(202)
    const second = await act()
    expect(second).toMatchObject(refused(name, amount * 2 - 1))
    const resets = new Date(String(second.body.resets_at))
    const now = new Date()
    const next =
      period === 'day'
        ? Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + 1)
        : Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1)
    expect(resets.getTime()).toBe(next)
    const { body } = await owner.get<{ balance: number; held: number; charged: number }>(
      'billing/balance/',
    )
    expect(body.held + body.charged).toBeLessThanOrEqual(amount === 1_500 ? 3 : 5)
    await service.sql`update usage_counters set period_start = period_start - 40
    where account_id = ${owner.accountId}`
    expect((await act()).status).toBe(202)
  },
)

it('accepts five of ten concurrent requests when there is room for five', async () => {
  await limit('daily_content_tasks', 5)
  const ids = await newTasks(10)
  const answers = await Promise.all(
    ids.map((id) => owner.post('writer/tasks/auto_generate_content/', { ids: [id] })),
  )
  expect(answers.filter(({ status }) => status === 202)).toHaveLength(5)
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(5)
  expect(await used('daily_content_tasks')).toBe(5)
})

it('counts the words that were actually written', async () => {
  const [id] = await newTasks(1)
  await owner.run('writer/tasks/auto_generate_content/', { ids: [id] })
  const { word_count } = (await owner.get<{ word_count: number }>(`writer/tasks/${id}/`)).body
  expect(await used('monthly_word_count_limit')).toBe(word_count)
})

it('releases the reservations of a run that was refused for lack of credits', async () => {
  await service.sql`update accounts set credits = 2 where id = ${owner.accountId}`
  expect((await write()).body.code).toBe('insufficient_credits')
  expect(await used('daily_content_tasks')).toBe(0)
})
