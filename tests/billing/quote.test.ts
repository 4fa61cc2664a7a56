import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Client, Json } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { addKeywords, newSector, type Row, type Sector } from '../planner/sector.ts'

let service: TestService
let owner: Client
let sector: Sector

beforeAll(async () => {
  service = await startTestService({ role: 'api' })
  owner = await service.owner()
  sector = await newSector(owner)
})
afterAll(() => service.stop())

const quote = (operation: string, request: unknown, client = owner) =>
  client.post<{ credits: number; balance: number } & Json>('billing/quote/', { operation, request })
const held = async () => (await owner.get<{ held: number }>('billing/balance/')).body.held

async function newTasks(n: number, fields: object = {}): Promise<number[]> {
  const ids: number[] = []
  for (let i = 0; i < n; i++) {
    const task = await owner.post<Row>('writer/tasks/', {
      ...sector,
      title: `Task ${i}`,
      ...fields,
    })
    ids.push(task.body.id)
  }
  return ids
}

type Operation = { path: string; request(): Promise<object>; credits: number }
const OPERATIONS: Record<string, Operation> = {
  auto_cluster: {
    path: 'planner/keywords/auto_cluster/',
    async request() {
      await addKeywords(
        owner,
        sector,
        Array.from({ length: 31 }, (_, n) => `word ${n}`),
      )
      return { ...sector }
    },
    credits: 2,
  },
  auto_generate_ideas: {
    path: 'planner/clusters/auto_generate_ideas/',
    async request() {
      const { body } = await owner.post<Row>('planner/clusters/', { ...sector, name: 'Words' })
      return { ids: [body.id], ideas_per_cluster: 4 }
    },
    credits: 4,
  },
  auto_generate_content: {
    path: 'writer/tasks/auto_generate_content/',
    request: async () => ({ ids: await newTasks(3), then: ['images'], images_per_task: 2 }),
    credits: 15,
  },
  auto_generate_images: {
    path: 'writer/tasks/auto_generate_images/',
    async request() {
      const ids = await newTasks(2, { html_content: '<p>Text</p>', status: 'draft' })
      return { ids, images_per_task: 3 }
    },
    credits: 6,
  },
}

describe('a quote', () => {
  it.each(Object.entries(OPERATIONS))(
    'of %s is what the run then holds',
    async (operation, { path, request, credits }) => {
      const body = await request()
      const before = await held()
      const quoted = await quote(operation, body)
      expect(quoted).toMatchObject({
        status: 200,
        body: { credits, affordable: true, limits_reached: [] },
      })
      expect(await held()).toBe(before)
      expect((await owner.post(path, body)).status).toBe(202)
      expect(await held()).toBe(before + credits)
    },
  )

  it('reports a balance that is too low and the limits that the run would exceed', async () => {
    const poor = await service.owner('Poor')
    const place = await newSector(poor)
    await service.sql`update accounts set credits = 1 where id = ${poor.accountId}`
    const [plan] = await service.sql`select daily_content_tasks as n from plans where slug = 'free'`
    await service.sql`update plans set daily_content_tasks = 1 where slug = 'free'`
    const ids: number[] = []
    for (const title of ['One', 'Two']) {
      ids.push((await poor.post<Row>('writer/tasks/', { ...place, title })).body.id)
    }
    const { body } = await quote('auto_generate_content', { ids }, poor)
    expect(body).toMatchObject({
      ...{ credits: 6, balance: 1, affordable: false, steps: 2 },
      limits_reached: [{ limit: 'daily_content_tasks', limit_value: 1, used: 0 }],
    })
    await service.sql`update plans set daily_content_tasks = ${plan!.n} where slug = 'free'`
  })

  it('refuses what the operation itself would refuse', async () => {
    const stranger = await service.owner('Stranger')
    const ids = await newTasks(1)
    expect((await quote('auto_generate_content', { ids }, stranger)).status).toBe(404)
    expect((await quote('publish', { ids })).body.code).toBe('site_not_linked')
    expect((await quote('auto_generate_content', { ids: [] })).status).toBe(400)
    expect((await quote('nonsense', { ids })).status).toBe(400)
  })
})
