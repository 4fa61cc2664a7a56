import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { addUser, type Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import {
  addKeywords,
  importCsv,
  type List,
  newSector,
  type Problem,
  type Row,
  type Sector,
} from './sector.ts'

let service: TestService
let owner: Client
let stranger: Client

beforeAll(async () => {
  service = await startTestService()
  owner = await service.owner('Ours')
  stranger = await service.owner('Theirs')
})
afterAll(() => service.stop())

const AUTO_CLUSTER = 'planner/keywords/auto_cluster/'

async function coffeeSector(): Promise<Sector> {
  const sector = await newSector(owner)
  await importCsv(owner, sector, await readFile('tests/demo/keywords.csv', 'utf8'))
  return sector
}

async function clustersOf({ sector_id }: Sector, query = '') {
  const path = `planner/clusters/?sector_id=${sector_id}&page_size=200&${query}`
  return (await owner.get<List>(path)).body.results
}

const balance = async () => (await owner.get<Record<string, number>>('billing/balance/')).body

test('clusters the keywords of a sector with progress, and charges 1 credit per 30', async () => {
  const sector = await coffeeSector()
  const before = await balance()
  const { count } = (await owner.get<List>(`planner/keywords/?sector_id=${sector.sector_id}`)).body
  const run = await owner.run(AUTO_CLUSTER, sector)
  expect(run).toMatchObject({
    state: 'SUCCESS',
    meta: { percentage: 100, current: count, total: count },
    error: null,
  })
  const clusters = await clustersOf(sector)
  const clustered = clusters.reduce((sum, cluster) => sum + Number(cluster.keywords_count), 0)
  expect(clusters.length).toBeGreaterThan(3)
  expect(run.result?.steps).toMatchObject([
    {
      kind: 'cluster_keywords',
      object_id: sector.sector_id,
      state: 'succeeded',
      result: {
        provider: 'local',
        clusters_created: clusters.length,
        keywords_clustered: clustered,
        clusters: expect.arrayContaining(clusters.map(({ id }) => id)),
      },
    },
  ])
  expect(run.meta.request_steps).toMatchObject([
    { message: `Asked local to cluster ${count} keywords (batch 1 of 1)` },
  ])
  expect(run.meta.response_steps).toHaveLength(1)
  const after = await balance()
  expect(after).toMatchObject({ held: 0, charged: before.charged! + Math.ceil(count / 30) })
  const active = await owner.get<List>(
    `planner/keywords/?sector_id=${sector.sector_id}&clustered=true&status=active`,
  )
  expect(active.body.count).toBe(clustered)
})

test.each(['active', 'archived'])(
  'a cluster of the same name, if %s, is used again',
  async (status) => {
    const sector = await newSector(owner)
    const cluster = { ...sector, name: 'FRENCH PRESS', status }
    const { body } = await owner.post<Row>('planner/clusters/', cluster)
    await addKeywords(owner, sector, [
      'french press',
      'french press ratio',
      'best french press',
      'french press cleaning',
    ])
    await owner.run(AUTO_CLUSTER, sector)
    expect(await clustersOf(sector)).toMatchObject([
      { id: body.id, name: 'FRENCH PRESS', keywords_count: 4, status: 'active' },
    ])
  },
)

test('uses unclustered keywords that are not archived by default', async () => {
  const sector = await newSector(owner)
  const { body: cluster } = await owner.post<Row>('planner/clusters/', { ...sector, name: 'Mine' })
  await addKeywords(owner, sector, [
    { keyword: 'cold brew ratio' },
    { keyword: 'cold brew recipe' },
    { keyword: 'cold brew at home', status: 'archived' },
    { keyword: 'cold brew coffee', cluster_id: cluster.id },
  ])
  const run = await owner.run(AUTO_CLUSTER, sector)
  expect(run.meta.total).toBe(2)
  const mine = await owner.get(`planner/clusters/${cluster.id}/`)
  expect(Number(mine.body.keywords_count)).toBeGreaterThan(0)
})

test('uses the keywords that match a filter', async () => {
  const sector = await coffeeSector()
  const filter = { search: 'french press', volume_min: 3000 }
  const run = await owner.run(AUTO_CLUSTER, { ...sector, filter })
  const list = await owner.get<List>(
    `planner/keywords/?sector_id=${sector.sector_id}&search=french+press&volume_min=3000`,
  )
  expect(run.meta.total).toBe(list.body.count)
  const clustered = await owner.get<List>(
    `planner/keywords/?sector_id=${sector.sector_id}&clustered=true&page_size=200`,
  )
  expect(
    clustered.body.results.every(({ keyword }) => String(keyword).includes('french press')),
  ).toBe(true)
})

test('uses the given keywords, also if they have a cluster', async () => {
  const sector = await newSector(owner)
  const { body: old } = await owner.post<Row>('planner/clusters/', { ...sector, name: 'Old' })
  await owner.call('PATCH', `planner/clusters/${old.id}/`, { status: 'archived' })
  const ids = await addKeywords(owner, sector, [
    { keyword: 'aeropress recipe', cluster_id: old.id },
    { keyword: 'aeropress coffee', cluster_id: old.id },
    'aeropress filters',
  ])
  const run = await owner.run(AUTO_CLUSTER, { ...sector, ids })
  expect(run).toMatchObject({ state: 'SUCCESS', meta: { total: 3 } })
  const [row] = await service.sql`select count(distinct cluster_id)::int as n,
    bool_or(cluster_id = ${old.id}) as old from keywords where sector_id = ${sector.sector_id}`
  expect(row).toEqual({ n: 1, old: false })
})

test('clusters only the keywords that were counted and paid for', async () => {
  const api = await startTestService({ role: 'api' })
  const there = await api.owner()
  const sector = await newSector(there)
  const [first] = await addKeywords(there, sector, ['espresso beans', 'espresso machine'])
  const { body } = await there.post<{ task_id: number }>(AUTO_CLUSTER, sector)
  await addKeywords(there, sector, ['espresso cups', 'espresso grinder'])
  await there.call('DELETE', `planner/keywords/${first}/`)
  const worker = await startTestService({ databaseUrl: api.databaseUrl })
  const run = await there.follow(body.task_id)
  expect(run).toMatchObject({ state: 'SUCCESS', meta: { current: 2, total: 2 } })
  expect(run.meta.request_steps).toMatchObject([
    { message: 'Asked local to cluster 1 keyword (batch 1 of 1)' },
  ])
  await worker.stop()
  await api.stop()
})

test.each([
  ['no keyword that fits', {}, 400, 'validation_failed'],
  ['ids and a filter', { ids: [1], filter: {} }, 400, 'validation_failed'],
  ['an unknown filter', { filter: { colour: 'red' } }, 400, 'validation_failed'],
  ['an id that is not there', { ids: [999_999_999] }, 404, 'not_found'],
])('refuses to cluster %s', async (_, fields, status, code) => {
  const sector = await newSector(owner)
  expect(await owner.post(AUTO_CLUSTER, { ...sector, ...fields })).toMatchObject({
    status,
    body: { code },
  })
})

test("refuses another account's keywords, sites and sites that were not granted", async () => {
  const sector = await newSector(owner)
  const ids = await addKeywords(owner, sector, ['ours'])
  const theirs = await newSector(stranger)
  expect((await stranger.post(AUTO_CLUSTER, sector)).status).toBe(404)
  expect((await stranger.post(AUTO_CLUSTER, { ...theirs, ids })).status).toBe(404)
  const editor = await addUser(owner, 'editor')
  expect((await editor.post(AUTO_CLUSTER, sector)).status).toBe(404)
})

test('refuses a run that the account cannot pay for, and queues nothing', async () => {
  const poor = await service.owner('Poor')
  const sector = await newSector(poor)
  await addKeywords(poor, sector, ['one keyword'])
  await service.sql`update accounts set credits = 0 where id = ${poor.accountId}`
  const answer = await poor.post<Problem>(AUTO_CLUSTER, sector)
  expect(answer).toMatchObject({ status: 402, body: { code: 'insufficient_credits' } })
  const [{ n }] = (await service.sql`select count(*)::int as n from runs
    where account_id = ${poor.accountId}`) as unknown as [{ n: number }]
  expect(n).toBe(0)
})
