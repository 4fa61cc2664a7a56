import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { newSector, type Row, type Sector } from '../planner/sector.ts'

let service: TestService
let owner: Client
let sector: Sector

beforeAll(async () => {
  service = await startTestService()
  owner = await service.owner()
  sector = await newSector(owner)
})
afterAll(() => service.stop())

/** A new object of each collection that can be changed: its path, and a change of it. */
const CHANGES: Record<string, { make(): Promise<string>; change: object }> = {
  site: { make: async () => `auth/sites/${sector.site_id}/`, change: { name: 'Renamed' } },
  sector: { make: async () => `auth/sectors/${sector.sector_id}/`, change: { name: 'Renamed' } },
  keyword: {
    make: () => created('planner/keywords/', { keyword: 'moka pot' }),
    change: { volume: 70 },
  },
  cluster: {
    make: () => created('planner/clusters/', { name: 'Pots' }),
    change: { description: 'All pots' },
  },
  idea: {
    make: () => created('planner/ideas/', { idea_title: 'Pots compared' }),
    change: { description: 'All pots' },
  },
  task: {
    make: () => created('writer/tasks/', { title: 'Pots compared' }),
    change: { description: 'All pots' },
  },
  article: {
    async make() {
      const task = await created('writer/tasks/', { title: 'Read', html_content: '<p>Pots</p>' })
      const id = Number(task.match(/\d+/)![0])
      const list = await owner.get<{ results: Row[] }>(`writer/content/?task_id=${id}`)
      return `writer/content/${list.body.results[0]!.id}/`
    },
    change: { html_content: '<p>Pots and pans</p>' },
  },
}

async function created(path: string, fields: object): Promise<string> {
  const { body, headers } = await owner.post<Row>(path, { ...sector, ...fields })
  expect(headers.get('etag')).toBe(await tagOf(`${path}${body.id}/`))
  return `${path}${body.id}/`
}

async function tagOf(path: string): Promise<string> {
  const tag = (await owner.get(path)).headers.get('etag')
  expect(tag).toMatch(/^"[\w-]{22}"$/)
  return tag!
}

const change = (path: string, body: object, tag: string) =>
  owner.call('PATCH', path, body, { 'if-match': tag })

test.each(Object.entries(CHANGES))(
  'the entity tag of a %s is compared before a change and before an answer',
  async (_name, { make, change: body }) => {
    const path = await make()
    const tag = await tagOf(path)
    const first = await change(path, body, tag)
    expect(first.status).toBe(200)
    const after = await tagOf(path)
    expect(first.headers.get('etag')).toBe(after)
    expect(after).not.toBe(tag)
    const second = await change(path, body, tag)
    expect(second).toMatchObject({ status: 412, body: { code: 'precondition_failed' } })
    expect(await tagOf(path)).toBe(after)
    const known = await owner.call('GET', path, undefined, { 'if-none-match': `"other", ${after}` })
    expect(known).toMatchObject({ status: 304, body: '' })
    const unknown = await owner.call('GET', path, undefined, { 'if-none-match': tag })
    expect(unknown.status).toBe(200)
  },
)

test('applies only one of ten concurrent changes with the same tag', async () => {
  const path = await created('planner/keywords/', { keyword: 'drip coffee' })
  const tag = await tagOf(path)
  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, volume) => change(path, { volume: volume + 1 }, tag)),
  )
  expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(412)])
})

test('applies a change without If-Match, or with *, to any version', async () => {
  const path = await created('planner/keywords/', { keyword: 'cold brew' })
  expect((await owner.call('PUT', path, { volume: 1 })).status).toBe(200)
  expect((await change(path, { volume: 2 }, '*')).status).toBe(200)
})

test('deletes only the version that was read', async () => {
  const path = await created('writer/tasks/', { title: 'To be deleted' })
  const tag = await tagOf(path)
  await owner.call('PATCH', path, { title: 'Changed' })
  const refused = await owner.call('DELETE', path, undefined, { 'if-match': tag })
  expect(refused.status).toBe(412)
  const deleted = await owner.call('DELETE', path, undefined, { 'if-match': await tagOf(path) })
  expect(deleted.status).toBe(204)
})

test('refuses weak and malformed tags', async () => {
  const path = await created('planner/keywords/', { keyword: 'espresso' })
  const tag = await tagOf(path)
  for (const sent of [`W/${tag}`, tag.slice(1, -1), '""', 'x']) {
    expect((await change(path, { volume: 3 }, sent)).status).toBe(412)
  }
})
