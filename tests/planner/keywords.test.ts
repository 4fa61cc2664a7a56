import { afterAll, beforeAll, expect, test } from 'vitest'
import { addUser, type Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import {
  addKeywords,
  addSector,
  type List,
  newSector,
  type Problem,
  type Row,
  type Sector,
} from './sector.ts'

let service: TestService
let owner: Client
let sector: Sector
let stranger: Client
let strange: Sector

beforeAll(async () => {
  service = await startTestService()
  owner = await service.owner('Ours')
  sector = await newSector(owner)
  stranger = await service.owner('Theirs')
  strange = await newSector(stranger)
})
afterAll(() => service.stop())

const named = ({ results }: List) => results.map(({ keyword }) => keyword)

async function clusterIn({ site_id, sector_id }: Sector, name: string, client = owner) {
  return (await client.post<Row>('planner/clusters/', { site_id, sector_id, name })).body.id
}

test('creates, reads, updates and deletes a keyword', async () => {
  const created = await owner.post<Row>('planner/keywords/', {
    ...sector,
    keyword: 'cafetière',
    volume: 90,
  })
  expect(created.status).toBe(201)
  expect(created.body).toMatchObject({
    ...sector,
    keyword: 'cafetière',
    volume: 90,
    difficulty: 0,
    intent: 'informational',
    cluster_id: null,
    status: 'pending',
  })
  const path = `planner/keywords/${created.body.id}/`
  expect((await owner.get(path)).body).toEqual(created.body)
  const put = await owner.call('PUT', path, { difficulty: 12 })
  expect(put.body).toMatchObject({ keyword: 'cafetière', volume: 90, difficulty: 12 })
  const patch = await owner.call('PATCH', path, { status: 'archived' })
  expect(patch.body).toMatchObject({ difficulty: 12, status: 'archived' })
  expect((await owner.call('DELETE', path)).status).toBe(204)
  expect((await owner.get(path)).status).toBe(404)
  const log = await service.sql`select action from audit_log where object_type = 'keyword'
    and object_id = ${created.body.id} order by id`
  expect(log.map(({ action }) => action)).toEqual([
    'keyword.created',
    'keyword.updated',
    'keyword.updated',
    'keyword.deleted',
  ])
})

test('normalises a keyword to NFC, trimmed, with single spaces', async () => {
  const keyword = ' moka \t\n pot cafe\u0301  '
  const { body } = await owner.post('planner/keywords/', { ...sector, keyword })
  expect(body).toMatchObject({ keyword: 'moka pot café' })
})

test('refuses a keyword that is already in the sector, ignoring case', async () => {
  const [id] = await addKeywords(owner, sector, ['Äpfel pressen', 'birnen pressen'])
  const again = await owner.post<Problem>('planner/keywords/', {
    ...sector,
    keyword: 'äPFEL  pressen',
  })
  expect(again).toMatchObject({
    status: 409,
    body: { code: 'already_exists', errors: [{ path: 'keyword' }] },
  })
  const renamed = await owner.call('PATCH', `planner/keywords/${id}/`, {
    keyword: 'BIRNEN pressen',
  })
  expect(renamed).toMatchObject({ status: 409, body: { code: 'already_exists' } })
  const elsewhere = { ...sector, sector_id: await addSector(owner, sector.site_id, 'Other') }
  const other = await owner.post('planner/keywords/', { ...elsewhere, keyword: 'Äpfel pressen' })
  expect(other.status).toBe(201)
})

test('refuses a sector of another site', async () => {
  const elsewhere = await newSector(owner, 'Tea')
  const body = { site_id: sector.site_id, sector_id: elsewhere.sector_id, keyword: 'oolong' }
  expect(await owner.post('planner/keywords/', body)).toMatchObject({
    status: 400,
    body: { code: 'validation_failed', errors: [{ path: 'sector_id' }] },
  })
})

test('refuses a cluster of another sector', async () => {
  const elsewhere = await newSector(owner, 'Cocoa')
  const cluster_id = await clusterIn(elsewhere, 'Cocoa')
  const problem = { status: 400, body: { errors: [{ path: 'cluster_id' }] } }
  const body = { ...sector, keyword: 'cocoa', cluster_id }
  expect(await owner.post('planner/keywords/', body)).toMatchObject(problem)
  const [id] = await addKeywords(owner, sector, ['hot cocoa'])
  const change = await owner.call('PATCH', `planner/keywords/${id}/`, { cluster_id })
  expect(change).toMatchObject(problem)
})

test.each([
  ['no keyword', {}, 'keyword'],
  ['only spaces', { keyword: ' \n ' }, 'keyword'],
  ['a NUL', { keyword: 'a\0b' }, 'keyword'],
  ['a negative volume', { keyword: 'x', volume: -1 }, 'volume'],
  ['a difficulty above 100', { keyword: 'x', difficulty: 101 }, 'difficulty'],
  ['an unknown intent', { keyword: 'x', intent: 'curious' }, 'intent'],
  ['an unknown field', { keyword: 'x', account_id: 1 }, 'account_id'],
])('refuses a keyword with %s', async (_, fields, path) => {
  const answer = await owner.post<Problem>('planner/keywords/', { ...sector, ...fields })
  expect(answer).toMatchObject({ status: 400, body: { code: 'validation_failed' } })
  expect(answer.body.errors?.map((error) => error.path)).toContain(path)
})

test('does not move a keyword to another sector', async () => {
  const [id] = await addKeywords(owner, sector, ['immovable'])
  const move = await owner.call('PATCH', `planner/keywords/${id}/`, {
    sector_id: strange.sector_id,
  })
  expect(move).toMatchObject({ status: 400, body: { errors: [{ path: 'sector_id' }] } })
})

test('filters, searches and orders lists', async () => {
  const place = await newSector(owner, 'Grinders')
  const cluster_id = await clusterIn(place, 'Burrs')
  await addKeywords(owner, place, [
    { keyword: 'burr grinder', volume: 300, difficulty: 40, intent: 'commercial', cluster_id },
    { keyword: 'hand grinder', volume: 100, difficulty: 20, intent: 'commercial' },
    { keyword: '100% arabica', volume: 200, difficulty: 60, status: 'archived' },
  ])
  const list = async (query: string) => {
    const { status, body } = await owner.get<List>(
      `planner/keywords/?sector_id=${place.sector_id}&ordering=volume&${query}`,
    )
    return status === 200 ? named(body) : status
  }
  expect(await list('')).toEqual(['hand grinder', '100% arabica', 'burr grinder'])
  expect(await list('search=GRIND')).toEqual(['hand grinder', 'burr grinder'])
  expect(await list('search=100%25')).toEqual(['100% arabica'])
  expect(await list('status=archived')).toEqual(['100% arabica'])
  expect(await list('intent=commercial')).toEqual(['hand grinder', 'burr grinder'])
  expect(await list(`cluster_id=${cluster_id}`)).toEqual(['burr grinder'])
  expect(await list('clustered=true')).toEqual(['burr grinder'])
  expect(await list('clustered=false')).toEqual(['hand grinder', '100% arabica'])
  expect(await list('difficulty_min=40')).toEqual(['100% arabica', 'burr grinder'])
  expect(await list('difficulty_max=40')).toEqual(['hand grinder', 'burr grinder'])
  expect(await list('volume_min=101&volume_max=299')).toEqual(['100% arabica'])
  expect(await list(`site_id=${sector.site_id}`)).toEqual([])
  expect(await list('colour=red')).toBe(400)
  const ordered = async (ordering: string) =>
    named(
      (await owner.get<List>(`planner/keywords/?site_id=${place.site_id}&ordering=${ordering}`))
        .body,
    )
  expect(await ordered('-difficulty')).toEqual(['100% arabica', 'burr grinder', 'hand grinder'])
  expect(await ordered('created_at')).toEqual(['burr grinder', 'hand grinder', '100% arabica'])
  expect((await owner.get('planner/keywords/?ordering=keyword')).status).toBe(400)
})

test.each(['volume_max=', 'volume_max=%20', 'volume_min=1e3', 'page=0x1', 'cluster_id=one'])(
  'refuses the filter %s because it is not a number',
  async (query) => {
    const { status, body } = await owner.get<Problem>(`planner/keywords/?${query}`)
    const [path] = query.split('=')
    expect([status, body.errors]).toEqual([400, [{ path, message: 'must be a whole number' }]])
  },
)

test.each(['created_at', '-volume', 'difficulty'])(
  'a cursor walks the whole list by %s',
  async (ordering) => {
    const place = await newSector(owner, `Walk ${ordering}`)
    const all = Array.from({ length: 7 }, (_, n) => ({
      keyword: `walk ${n}`,
      volume: n % 3,
      difficulty: n % 2,
    }))
    await addKeywords(owner, place, all)
    const query = `site_id=${place.site_id}&ordering=${ordering}&page_size=2`
    const whole = await owner.get<List>(
      `planner/keywords/?site_id=${place.site_id}&ordering=${ordering}`,
    )
    const walked: unknown[] = []
    for (let path: string | null = `planner/keywords/?${query}&cursor=`; path; ) {
      const { body }: { body: List } = await owner.get<List>(path)
      walked.push(...named(body))
      path = body.next?.replace('/api/v1/', '') ?? null
    }
    expect(walked).toEqual(named(whole.body))
  },
)

test('reports the result of each id of a bulk operation', async () => {
  const [a, b] = await addKeywords(owner, sector, ['bulk a', 'bulk b'])
  const [theirs] = await addKeywords(stranger, strange, ['bulk theirs'])
  const ids = [b, theirs, a, a, 999_999_999]
  const results = [
    { id: b, ok: true },
    { id: theirs, ok: false, code: 'not_found' },
    { id: a, ok: true },
    { id: 999_999_999, ok: false, code: 'not_found' },
  ]
  const changed = await owner.post('planner/keywords/bulk_update_status/', {
    ids,
    status: 'archived',
  })
  expect(changed.body).toEqual({ updated: 2, results })
  expect((await owner.get(`planner/keywords/${a}/`)).body).toMatchObject({ status: 'archived' })
  const deleted = await owner.post('planner/keywords/bulk_delete/', { ids })
  expect(deleted.body).toEqual({ deleted: 2, results })
  const theirsNow = await stranger.get(`planner/keywords/${theirs}/`)
  expect(theirsNow).toMatchObject({ status: 200, body: { status: 'pending' } })
})

test('hides keywords from another account', async () => {
  const [id] = await addKeywords(owner, sector, ['ours alone'])
  const path = `planner/keywords/${id}/`
  for (const method of ['GET', 'DELETE'])
    expect((await stranger.call(method, path)).status).toBe(404)
  expect((await stranger.call('PATCH', path, { volume: 1 })).status).toBe(404)
  expect((await stranger.post('planner/keywords/', { ...sector, keyword: 'x' })).status).toBe(404)
  const list = await stranger.get<List>(`planner/keywords/?site_id=${sector.site_id}`)
  expect(list.body.count).toBe(0)
})

test('lets an editor write only on granted sites, and a viewer only read', async () => {
  const editor = await addUser(owner, 'editor', [sector.site_id])
  const viewer = await addUser(owner, 'viewer', [sector.site_id])
  const elsewhere = await newSector(owner, 'Not granted')
  const [hidden] = await addKeywords(owner, elsewhere, ['hidden'])
  const [shown] = await addKeywords(editor, sector, ['shown'])
  expect((await editor.get(`planner/keywords/${hidden}/`)).status).toBe(404)
  expect((await editor.post('planner/keywords/', { ...elsewhere, keyword: 'x' })).status).toBe(404)
  const bulk = await editor.post('planner/keywords/bulk_delete/', { ids: [hidden] })
  expect(bulk.body).toMatchObject({ deleted: 0, results: [{ code: 'not_found' }] })
  expect((await viewer.get(`planner/keywords/${shown}/`)).status).toBe(200)
  for (const path of ['', 'bulk_delete/', 'bulk_update_status/', 'auto_cluster/', 'import_csv/']) {
    const answer = await viewer.post<Problem>(`planner/keywords/${path}`, {})
    expect(answer).toMatchObject({ status: 403, body: { code: 'permission_denied' } })
  }
})
