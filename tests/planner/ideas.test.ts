import { afterAll, beforeAll, expect, test } from 'vitest'
import { addUser, type Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { addKeywords, type List, newSector, type Row, type Sector } from './sector.ts'

let service: TestService
let owner: Client
let stranger: Client

beforeAll(async () => {
  service = await startTestService()
  owner = await service.owner('Ours')
  stranger = await service.owner('Theirs')
})
afterAll(() => service.stop())

const GENERATE = 'planner/clusters/auto_generate_ideas/'
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

const ideasOf = async ({ sector_id }: Sector, query = '') =>
  (await owner.get<List>(`planner/ideas/?sector_id=${sector_id}&page_size=200&${query}`)).body
    .results

const balance = async () => (await owner.get<Record<string, number>>('billing/balance/')).body

test('generates ideas linked to their keywords, and charges for each', async () => {
  const sector = await newSector(owner)
  const press = await newCluster(sector, 'French press', [
    'french press ratio',
    'best french press',
  ])
  const moka = await newCluster(sector, 'Moka pot', ['moka pot coffee', 'moka pot vs espresso'])
  const before = await balance()
  const run = await owner.run(GENERATE, {
    ids: [press.id, moka.id, press.id],
    ideas_per_cluster: 3,
  })
  expect(run).toMatchObject({ state: 'SUCCESS', meta: { current: 2, total: 2 } })
  const ideas = await ideasOf(sector)
  expect(ideas).toHaveLength(6)
  for (const cluster of [press, moka]) {
    const own = ideas.filter((idea) => idea.keyword_cluster_id === cluster.id)
    expect(own).toHaveLength(3)
    const step = run.result?.steps.find(({ object_id }) => object_id === cluster.id)
    expect(step?.result).toMatchObject({ provider: 'local' })
    expect(new Set(step?.result?.ideas as number[])).toEqual(new Set(own.map(({ id }) => id)))
    const linked = new Set(own.flatMap((idea) => idea.keyword_objects as number[]))
    expect(linked.size).toBeGreaterThan(0)
    expect(cluster.keywords).toEqual(expect.arrayContaining([...linked]))
  }
  expect(ideas.every(({ status, target_keywords }) => status === 'new' && target_keywords)).toBe(
    true,
  )
  const after = await balance()
  expect(after).toMatchObject({ held: 0, charged: before.charged! + 6 })
})

test('does not repeat the titles of existing ideas', async () => {
  const sector = await newSector(owner)
  const { id } = await newCluster(sector, 'Cold brew', ['cold brew ratio', 'cold brew recipe'])
  for (let n = 0; n < 3; n++) await owner.run(GENERATE, { ids: [id] })
  const titles = (await ideasOf(sector)).map(({ idea_title }) => String(idea_title).toLowerCase())
  expect(new Set(titles).size).toBe(titles.length)
  const { charged, held } = await balance()
  const [row] = await service.sql`select sum(amount)::int as n from credit_transactions
    where account_id = ${owner.accountId} and transaction_type = 'charge'`
  expect({ charged, held }).toEqual({ charged: row!.n, held: 0 })
})

test('fails for a cluster that is deleted meanwhile, and releases its credits', async () => {
  const api = await startTestService({ role: 'api' })
  const there = await api.owner()
  const sector = await newSector(there)
  const { id } = await newCluster(sector, 'Gone', ['gone soon'], there)
  const { body } = await there.post<{ task_id: number }>(GENERATE, { ids: [id] })
  const held = await there.get('billing/balance/')
  expect(held.body).toMatchObject({ held: 5 })
  await there.call('DELETE', `planner/clusters/${id}/`)
  const worker = await startTestService({ databaseUrl: api.databaseUrl })
  const run = await there.follow(body.task_id)
  expect(run).toMatchObject({ state: 'FAILURE', error: { code: 'not_found' } })
  expect((await there.get('billing/balance/')).body).toMatchObject({ held: 0, charged: 0 })
  await worker.stop()
  await api.stop()
})

test.each([
  ['no ids', {}],
  ['more than 20 ideas a cluster', { ids: [1], ideas_per_cluster: 21 }],
])('refuses to make ideas with %s', async (_, body) => {
  expect(await owner.post(GENERATE, body)).toMatchObject({
    status: 400,
    body: { code: 'validation_failed' },
  })
})

test('creates, updates and deletes an idea', async () => {
  const sector = await newSector(owner)
  const { id: keyword_cluster_id } = await newCluster(sector, 'Brewing', [])
  const idea = await newIdea(sector, { keyword_cluster_id, estimated_word_count: 900 })
  expect(idea).toMatchObject({
    ...sector,
    idea_title: 'How to brew',
    status: 'new',
    keyword_cluster_id,
    estimated_word_count: 900,
    content_structure: 'supporting_page',
    content_type: 'blog_post',
    keyword_objects: [],
    target_keywords: '',
  })
  const path = `planner/ideas/${idea.id}/`
  const changed = await owner.call('PUT', path, { content_type: 'guide', keyword_cluster_id: null })
  expect(changed.body).toMatchObject({ content_type: 'guide', keyword_cluster_id: null })
  expect((await owner.get(path)).body).toEqual(changed.body)
  expect((await owner.call('DELETE', path)).status).toBe(204)
  expect((await owner.get(path)).status).toBe(404)
})

test('keeps keyword_objects and target_keywords consistent', async () => {
  const sector = await newSector(owner)
  const [ratio, recipe] = await addKeywords(owner, sector, ['V60 ratio', 'v60 recipe'])
  const idea = await newIdea(sector, { keyword_objects: [recipe, ratio, recipe] })
  expect(idea).toMatchObject({
    keyword_objects: [ratio, recipe],
    target_keywords: 'v60 recipe, V60 ratio',
  })
  const path = `planner/ideas/${idea.id}/`
  const byName = await owner.call('PATCH', path, { target_keywords: ' v60  RATIO,unknown one,, ' })
  expect(byName.body).toMatchObject({
    keyword_objects: [ratio],
    target_keywords: 'v60 RATIO, unknown one',
  })
  const other = await owner.call('PATCH', path, { idea_title: 'Another title' })
  expect(other.body).toMatchObject({
    keyword_objects: [ratio],
    target_keywords: 'v60 RATIO, unknown one',
  })
  const both = await owner.call('PATCH', path, {
    target_keywords: 'v60 ratio',
    keyword_objects: [recipe],
  })
  expect(both.body).toMatchObject({ keyword_objects: [recipe], target_keywords: 'v60 recipe' })
  const none = await owner.call('PATCH', path, { keyword_objects: [] })
  expect(none.body).toMatchObject({ keyword_objects: [], target_keywords: '' })
})

test('refuses keywords and clusters of another sector, and a sector of another site', async () => {
  const sector = await newSector(owner)
  const elsewhere = await newSector(owner)
  const [keyword] = await addKeywords(owner, elsewhere, ['elsewhere'])
  const { id: keyword_cluster_id } = await newCluster(elsewhere, 'Elsewhere', [])
  const refused = async (fields: Record<string, unknown>, path: string) => {
    const body = { ...sector, idea_title: 'x', ...fields }
    const answer = await owner.post('planner/ideas/', body)
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ path }] } })
  }
  await refused({ keyword_objects: [keyword] }, 'keyword_objects')
  await refused({ keyword_cluster_id }, 'keyword_cluster_id')
  await refused({ sector_id: elsewhere.sector_id }, 'sector_id')
  expect(await ideasOf(sector)).toEqual([])
})

test('searches, filters and orders ideas', async () => {
  const sector = await newSector(owner)
  const { id: keyword_cluster_id } = await newCluster(sector, 'Mills', [])
  await newIdea(sector, {
    idea_title: 'Best mills',
    estimated_word_count: 2000,
    keyword_cluster_id,
  })
  await newIdea(sector, { idea_title: 'All of coffee', content_structure: 'pillar_page' })
  await newIdea(sector, { idea_title: 'Cleaning', status: 'scheduled', content_type: 'tutorial' })
  const titles = async (query: string) =>
    (await ideasOf(sector, query)).map(({ idea_title }) => idea_title)
  expect(await titles('ordering=idea_title')).toEqual(['All of coffee', 'Best mills', 'Cleaning'])
  expect(await titles('ordering=created_at')).toEqual(['Best mills', 'All of coffee', 'Cleaning'])
  expect((await titles('ordering=-estimated_word_count'))[0]).toBe('Best mills')
  expect((await titles('ordering=-status'))[0]).toBe('Cleaning')
  expect(await titles('search=MILL')).toEqual(['Best mills'])
  expect(await titles('status=scheduled')).toEqual(['Cleaning'])
  expect(await titles(`keyword_cluster_id=${keyword_cluster_id}`)).toEqual(['Best mills'])
  expect(await titles('content_structure=pillar_page')).toEqual(['All of coffee'])
  expect(await titles('content_type=tutorial')).toEqual(['Cleaning'])
})

test('keeps a task when its idea is deleted', async () => {
  const sector = await newSector(owner)
  const idea = await newIdea(sector)
  const { body } = await owner.post<Queued>(QUEUE, { ids: [idea.id] })
  expect((await owner.call('DELETE', `planner/ideas/${idea.id}/`)).status).toBe(204)
  const [task] = await service.sql`select idea_id from tasks where id = ${body.tasks[0]!.id}`
  expect(task).toEqual({ idea_id: null })
})

test('hides ideas from another account and from an editor without a grant', async () => {
  const sector = await newSector(owner)
  const idea = await newIdea(sector)
  const editor = await addUser(owner, 'editor')
  const path = `planner/ideas/${idea.id}/`
  for (const client of [stranger, editor]) {
    expect((await client.get(path)).status).toBe(404)
    expect((await client.call('PATCH', path, { idea_title: 'Mine' })).status).toBe(404)
    expect((await client.call('DELETE', path)).status).toBe(404)
    const queued = await client.post<Queued>(QUEUE, { ids: [idea.id] })
    expect(queued.body.results).toMatchObject([{ ok: false, code: 'not_found' }])
    const list = await client.get<List>(`planner/ideas/?sector_id=${sector.sector_id}`)
    expect(list.body.count).toBe(0)
  }
})
