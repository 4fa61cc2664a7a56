import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addUser, type Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { newSector } from '../planner/sector.ts'
import { ENDPOINTS, type Endpoint, type Known, LISTS, type Role, type Row } from './seed-table.ts'

const ROLES: Role[] = ['viewer', 'editor', 'admin', 'owner']

let service: TestService
let clients: Record<Role, Client>
let known: Known
let fresh = 0

beforeAll(async () => {
  service = await startTestService({ role: 'api' })
  const owner = await service.owner()
  const sector = await newSector(owner)
  known = { ...sector, ...(await furnish(owner, sector)) }
  clients = {
    owner,
    admin: await addUser(owner, 'admin'),
    editor: await addUser(owner, 'editor', [known.site_id]),
    viewer: await addUser(owner, 'viewer', [known.site_id]),
  }
})
afterAll(() => service.stop())

type Place = { site_id: number; sector_id: number }

/** Two of each, one of which each filter of the table fits. */
async function furnish(owner: Client, sector: Place): Promise<Record<string, number>> {
  const made = async (path: string, fields: object) => {
    const { status, body } = await owner.post<Row>(path, { ...sector, ...fields })
    expect(status, JSON.stringify(body)).toBe(201)
    return body.id
  }
  const other = await newSector(owner, 'Other')
  await owner.post('planner/keywords/', { ...other, keyword: 'elsewhere', volume: 50 })
  await owner.post('planner/clusters/', { ...other, name: 'Elsewhere' })
  const cluster_id = await made('planner/clusters/', { name: 'French presses' })
  await made('planner/clusters/', { name: 'Grinders' })
  const keyword_id = await made('planner/keywords/', {
    ...{ keyword: 'French press', volume: 500, difficulty: 70, intent: 'commercial' },
    ...{ cluster_id, status: 'archived' },
  })
  await made('planner/keywords/', {
    ...{ keyword: 'grinder', volume: 10, difficulty: 20, intent: 'informational' },
  })
  const special = { content_type: 'guide', content_structure: 'pillar_page' }
  const idea = { idea_title: 'The press', keyword_cluster_id: cluster_id, status: 'scheduled' }
  await made('planner/ideas/', { ...idea, ...special })
  await made('planner/ideas/', { idea_title: 'The grinder' })
  const article = { html_content: '<p>One two three</p>', status: 'draft' }
  const task_id = await made('writer/tasks/', {
    ...{ title: 'On presses', cluster_id },
    ...special,
    ...article,
  })
  const queued_id = await made('writer/tasks/', { title: 'On grinders' })
  const run = await owner.post<{ task_id: number }>('planner/clusters/auto_generate_ideas/', {
    ids: [cluster_id],
  })
  await owner.post(`system/settings/task_progress/${run.body.task_id}/cancel/`)
  return { cluster_id, keyword_id, task_id, queued_id, run_id: run.body.task_id }
}

const filled = (text: string, more: Record<string, number> = {}) =>
  text.replace(/\{(\w+)\}/g, (_, name) => String({ ...known, ...more }[name]))

describe('every endpoint of the original system', () => {
  let made = 0

  it.each(ENDPOINTS.map((endpoint) => [`${endpoint.method} ${endpoint.path}`, endpoint] as const))(
    '%s is for its role and those above',
    async (_name, { method, path, role, status = 200, body }: Endpoint) => {
      const send = (who: Role) =>
        clients[who].call<Row>(method, filled(path, { made }), body?.(known, `word ${++fresh}`))
      const below = ROLES.slice(0, ROLES.indexOf(role))
      for (const who of below) expect((await send(who)).status, who).toBe(403)
      const answer = await send(role)
      expect(answer.status, JSON.stringify(answer.body)).toBe(status)
      if (method === 'POST' && status === 201) made = answer.body.id
      const isRepeatable = method === 'GET' || method === 'PUT' || method === 'PATCH'
      if (isRepeatable)
        for (const who of ROLES.slice(ROLES.indexOf(role))) {
          expect((await send(who)).status, who).toBe(status)
        }
    },
  )
})

describe.each(LISTS)('the list $path', ({ path, filters, orderings }) => {
  const list = async (query: string) => {
    const { status, body } = await clients.viewer.get<{ results: Row[] }>(
      `${path}?page_size=200&${query}`,
    )
    expect(status, query).toBe(200)
    return body.results
  }

  it.each(Object.entries(filters))('is filtered by %s', async (query, fits) => {
    const all = await list('')
    const found = await list(filled(query))
    expect(found.length).toBeGreaterThan(0)
    expect(found.every(fits)).toBe(true)
    expect(found.map(({ id }) => id).sort()).toEqual(
      all
        .filter(fits)
        .map(({ id }) => id)
        .sort(),
    )
  })

  it.each(orderings)('is ordered by %s, both ways', async (field) => {
    const up = (await list(`ordering=${field}`)).map(({ id }) => id)
    const down = (await list(`ordering=-${field}`)).map(({ id }) => id)
    expect(down).toEqual(up.toReversed())
    const values = (await list(`ordering=${field}`)).map((row) => row[field] as string | number)
    const sorted = values.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
    expect(values).toEqual(sorted)
  })

  it('refuses a filter and an ordering that it does not know', async () => {
    expect((await clients.viewer.get(`${path}?colour=red`)).status).toBe(400)
    expect((await clients.viewer.get(`${path}?ordering=colour`)).status).toBe(400)
  })
})
