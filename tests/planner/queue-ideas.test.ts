import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { addKeywords, newSector, type Row, type Sector } from './sector.ts'

let service: TestService
let owner: Client
let stranger: Client

beforeAll(async () => {
  service = await startTestService()
  owner = await service.owner('Ours')
  stranger = await service.owner('Theirs')
})
afterAll(() => service.stop())

const QUEUE = 'planner/ideas/bulk_queue_to_writer/'

type Queued = {
  tasks: Row[]
  results: { id: number; ok: boolean; code?: string; task_id?: number; created?: boolean }[]
}

async function newCluster(sector: Sector, name: string, keywords: string[], client = owner) {
  const { body } = await client.post<Row>('planner/clusters/', { ...sector, name })
  const rows = keywords.map((keyword, n) => ({ keyword, volume: 100 - n, cluster_id: body.id }))
  return { id: body.id, keywords: await addKeywords(client, sector, rows) }
}

async function newIdea(sector: Sector, fields: Record<string, unknown> = {}, client = owner) {
  const idea = { ...sector, idea_title: 'How to brew', ...fields }
  return (await client.post<Row>('planner/ideas/', idea)).body
}

test('creates tasks with all fields of their ideas', async () => {
  const sector = await newSector(owner)
  const { id: cluster_id, keywords } = await newCluster(sector, 'Kettles', ['kettle', 'gooseneck'])
  const idea = await newIdea(sector, {
    idea_title: 'Which kettle',
    description: 'Compare them.',
    keyword_cluster_id: cluster_id,
    keyword_objects: keywords,
    content_structure: 'landing_page',
    content_type: 'guide',
  })
  const { status, body } = await owner.post<Queued>(QUEUE, { ids: [idea.id] })
  expect(status).toBe(201)
  const [task] = body.tasks
  expect(task).toMatchObject({
    ...sector,
    title: 'Which kettle',
    description: 'Compare them.',
    keywords: 'kettle, gooseneck',
    cluster_id,
    idea_id: idea.id,
    content_structure: 'landing_page',
    content_type: 'guide',
    status: 'queued',
  })
  expect(task).not.toHaveProperty('account_id')
  expect(body.results).toEqual([{ id: idea.id, ok: true, task_id: task!.id, created: true }])
  const links = await service.sql`select keyword_id::int as id from task_keywords
    where task_id = ${task!.id} order by 1`
  expect(links.map(({ id }) => id)).toEqual(keywords)
  expect((await owner.get(`planner/ideas/${idea.id}/`)).body).toMatchObject({ status: 'scheduled' })
})

test('returns the existing task of an idea that is queued again', async () => {
  const sector = await newSector(owner)
  const [a, b] = [await newIdea(sector), await newIdea(sector)]
  const first = await owner.post<Queued>(QUEUE, { ids: [a.id] })
  const second = await owner.post<Queued>(QUEUE, { ids: [b.id, a.id] })
  expect(second.status).toBe(201)
  expect(second.body.results).toMatchObject([
    { id: b.id, ok: true, created: true },
    { id: a.id, ok: true, created: false, task_id: first.body.tasks[0]!.id },
  ])
  const third = await owner.post<Queued>(QUEUE, { ids: [a.id, b.id] })
  expect(third.status).toBe(200)
  expect(third.body.tasks).toHaveLength(2)
})

test('creates one task per idea for concurrent requests', async () => {
  const sector = await newSector(owner)
  const ids: number[] = []
  for (let n = 0; n < 5; n++) ids.push((await newIdea(sector)).id)
  const answers = await Promise.all(
    Array.from({ length: 6 }, (_, n) =>
      owner.post<Queued>(QUEUE, { ids: n % 2 === 0 ? ids : ids.toReversed() }),
    ),
  )
  const created = answers.flatMap(({ body }) => body.results.filter((result) => result.created))
  expect(created.map(({ id }) => id).sort()).toEqual(ids.toSorted())
  const [row] = await service.sql`select count(*)::int as n from tasks
    where sector_id = ${sector.sector_id}`
  expect(row!.n).toBe(5)
})

test('reports for each id why it was not queued', async () => {
  const sector = await newSector(owner)
  const published = await newIdea(sector, { status: 'published' })
  const theirs = await newIdea(await newSector(stranger), {}, stranger)
  const { status, body } = await owner.post<Queued>(QUEUE, { ids: [published.id, theirs.id] })
  expect(status).toBe(200)
  expect(body).toEqual({
    tasks: [],
    results: [
      { id: published.id, ok: false, code: 'wrong_state' },
      { id: theirs.id, ok: false, code: 'not_found' },
    ],
  })
})
