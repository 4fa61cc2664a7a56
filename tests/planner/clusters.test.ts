import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { addKeywords, type List, newSector, type Problem, type Row, type Sector } from './sector.ts'

let service: TestService
let owner: Client
let stranger: Client

beforeAll(async () => {
  service = await startTestService()
  owner = await service.owner('Ours')
  stranger = await service.owner('Theirs')
})
afterAll(() => service.stop())

async function clustersOf({ sector_id }: Sector, query = '') {
  const path = `planner/clusters/?sector_id=${sector_id}&page_size=200&${query}`
  return (await owner.get<List>(path)).body.results
}

test('creates, updates and deletes a cluster, and keeps its keywords', async () => {
  const sector = await newSector(owner)
  const created = await owner.post<Row>('planner/clusters/', { ...sector, name: ' Moka   pots ' })
  expect(created).toMatchObject({
    status: 201,
    body: { name: 'Moka pots', keywords_count: 0, volume: 0, status: 'active', mapped_pages: 0 },
  })
  const { id } = created.body
  const path = `planner/clusters/${id}/`
  const [keyword] = await addKeywords(owner, sector, [
    { keyword: 'moka pot', cluster_id: id, volume: 2_000_000_000 },
    { keyword: 'moka pot size', cluster_id: id, volume: 2_000_000_000 },
  ])
  expect((await owner.get(path)).body).toMatchObject({ keywords_count: 2, volume: 4_000_000_000 })
  await owner.call('DELETE', `planner/keywords/${keyword}/`)
  expect((await owner.get(path)).body).toMatchObject({ keywords_count: 1, volume: 2_000_000_000 })
  const renamed = await owner.call('PUT', path, { name: 'Moka', description: 'Stovetop' })
  expect(renamed.body).toMatchObject({ name: 'Moka', description: 'Stovetop', keywords_count: 1 })
  expect((await owner.call('DELETE', path)).status).toBe(204)
  const left = await owner.get<List>(`planner/keywords/?sector_id=${sector.sector_id}`)
  expect(left.body.results).toMatchObject([{ keyword: 'moka pot size', cluster_id: null }])
})

test('counts the current tasks of a cluster that have a post', async () => {
  const sector = await newSector(owner)
  const { id } = (await owner.post<Row>('planner/clusters/', { ...sector, name: 'Moka' })).body
  const other = (await owner.post<Row>('planner/clusters/', { ...sector, name: 'Drip' })).body
  const path = `planner/clusters/${id}/`
  const tasks: number[] = []
  for (const title of ['A', 'B', 'C']) {
    const task = await owner.post<Row>('writer/tasks/', { ...sector, title, cluster_id: id })
    tasks.push(task.body.id)
  }
  const mapped = async () => (await owner.get(path)).body.mapped_pages
  expect(await mapped()).toBe(0)
  await service.sql`update tasks set assigned_post_id = 7 where id = any(${tasks.slice(0, 2)})`
  expect(await mapped()).toBe(2)
  const list = await owner.get<List>(
    `planner/clusters/?sector_id=${sector.sector_id}&ordering=-mapped_pages`,
  )
  expect(list.body.results).toMatchObject([
    { id, mapped_pages: 2 },
    { id: other.id, mapped_pages: 0 },
  ])
  await owner.call('DELETE', `writer/tasks/${tasks[0]}/`)
  await owner.call('PATCH', `writer/tasks/${tasks[1]}/`, { cluster_id: other.id })
  expect(await mapped()).toBe(0)
  const written = await owner.call('PATCH', path, { mapped_pages: 5 })
  expect([written.status, written.body.code]).toEqual([400, 'validation_failed'])
})

test('refuses a cluster of another sector for keywords, ideas and tasks, also in the database', async () => {
  const [here, there] = [await newSector(owner), await newSector(owner)]
  const { id } = (await owner.post<Row>('planner/clusters/', { ...there, name: 'Moka' })).body
  const refused = await owner.post<Problem>('planner/keywords/', {
    ...here,
    keyword: 'moka',
    cluster_id: id,
  })
  expect(refused).toMatchObject({ status: 400, body: { errors: [{ path: 'cluster_id' }] } })
  const place = { account_id: owner.accountId, ...here }
  const rows = {
    keywords: { ...place, keyword: 'k', cluster_id: id },
    content_ideas: { ...place, idea_title: 'i', keyword_cluster_id: id },
    tasks: { ...place, title: 't', cluster_id: id },
  }
  for (const [table, row] of Object.entries(rows)) {
    const insert = service.sql`insert into ${service.sql(table)} ${service.sql(row as never)}`
    await expect(insert, table).rejects.toMatchObject({ code: '23503' })
  }
})

test("a cluster's name is unique in its sector, whatever its case", async () => {
  const sector = await newSector(owner)
  const first = await owner.post<Row>('planner/clusters/', { ...sector, name: 'Öfen' })
  const again = await owner.post('planner/clusters/', { ...sector, name: 'ÖFEN' })
  expect(again).toMatchObject({ status: 409, body: { code: 'already_exists' } })
  await owner.post('planner/clusters/', { ...sector, name: 'Herde' })
  const renamed = await owner.call('PATCH', `planner/clusters/${first.body.id}/`, { name: 'herde' })
  expect(renamed).toMatchObject({ status: 409, body: { errors: [{ path: 'name' }] } })
  const elsewhere = await newSector(owner)
  expect((await owner.post('planner/clusters/', { ...elsewhere, name: 'Öfen' })).status).toBe(201)
})

test('searches clusters, and filters and orders them by computed fields', async () => {
  const sector = await newSector(owner)
  const add = async (name: string, volumes: number[]) => {
    const { body } = await owner.post<Row>('planner/clusters/', { ...sector, name })
    await addKeywords(
      owner,
      sector,
      volumes.map((volume, n) => ({ keyword: `${name} ${n}`, volume, cluster_id: body.id })),
    )
    return body.id
  }
  await add('Beans', [10, 10, 10])
  await add('Mills', [100])
  const id = await add('Kettles', [40, 20])
  await owner.call('PATCH', `planner/clusters/${id}/`, { status: 'archived' })
  const names = async (query: string) => (await clustersOf(sector, query)).map(({ name }) => name)
  expect(await names('ordering=-volume')).toEqual(['Mills', 'Kettles', 'Beans'])
  expect(await names('ordering=-keywords_count')).toEqual(['Beans', 'Kettles', 'Mills'])
  expect(await names('ordering=name')).toEqual(['Beans', 'Kettles', 'Mills'])
  expect(await names('status=archived')).toEqual(['Kettles'])
  expect(await names('search=ill')).toEqual(['Mills'])
  expect(await names('volume_min=31&volume_max=60')).toEqual(['Kettles'])
  const first = await owner.get<List>(
    `planner/clusters/?sector_id=${sector.sector_id}&ordering=-volume&page_size=2&cursor=`,
  )
  const second = await owner.get<List>(first.body.next!.replace('/api/v1/', ''))
  expect(second.body.results).toMatchObject([{ name: 'Beans', volume: 30 }])
})

test('hides clusters from another account', async () => {
  const sector = await newSector(owner)
  const { body } = await owner.post<Row>('planner/clusters/', { ...sector, name: 'Ours' })
  const path = `planner/clusters/${body.id}/`
  expect((await stranger.get(path)).status).toBe(404)
  expect((await stranger.call('PATCH', path, { name: 'Theirs' })).status).toBe(404)
  expect((await stranger.call('DELETE', path)).status).toBe(404)
  const ideas = await stranger.post('planner/clusters/auto_generate_ideas/', { ids: [body.id] })
  expect(ideas.status).toBe(404)
})
