import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Client, PASSWORD, signIn } from '../helpers/client.ts'
import { startEdge } from '../helpers/edge.ts'
import { startTestService, type TestService } from '../helpers/service.ts'

let edge: TestService
let owner: Client
let idle: number

beforeAll(async () => {
  edge = await startTestService({ api: 'edge', role: 'api' })
  idle = await connections()
  owner = await edge.owner()
})
afterAll(() => edge?.stop())

/** How many the API has with the database. */
async function connections(): Promise<number> {
  const [row] = await edge.sql`select count(*)::int from pg_stat_activity
    where datname = current_database() and application_name = 'igny8'`
  return row!.count
}

async function sector(): Promise<{ site_id: number; sector_id: number }> {
  const site = await owner.post<{ id: number }>('auth/sites/', { name: 'At the edge' })
  const body = { site_id: site.body.id, name: 'Coffee' }
  const { body: made } = await owner.post<{ id: number }>('auth/sectors/', body)
  return { site_id: site.body.id, sector_id: made.id }
}

it('gives its connections back, of a follower who went away too', async () => {
  const place = await sector()
  await owner.post('planner/keywords/', { ...place, keyword: 'coffee' })
  const accepted = await owner.post<{ task_id: number }>('planner/keywords/auto_cluster/', place)
  const leaving = new AbortController()
  const stream = await fetch(
    `${edge.url}/api/v1/system/settings/task_progress/${accepted.body.task_id}/stream/`,
    { headers: { authorization: `Bearer ${owner.token}` }, signal: leaving.signal },
  )
  await stream.body!.getReader().read()
  expect(await connections()).toBeGreaterThan(idle)
  leaving.abort()
  await vi.waitFor(async () => expect(await connections()).toBe(idle), 50_000)
})

describe('the API on Workers, beside Node', () => {
  let node: TestService
  beforeAll(async () => {
    node = await startTestService({ api: 'node', databaseUrl: edge.databaseUrl })
  })
  afterAll(() => node?.stop())

  it('knows the passwords and tokens that Node made, and Node knows its own', async () => {
    const other = await node.owner()
    expect((await signIn(edge.url, other.email)).userId).toBe(other.userId)
    expect((await signIn(node.url, owner.email)).userId).toBe(owner.userId)
    await expect(signIn(edge.url, other.email, 'another password')).rejects.toThrow('401')
    expect((await { ...owner, url: node.url }.get('auth/me/')).status).toBe(200)
  })

  it('takes a file of keywords, has a worker in Node cluster them, follows it, and exports', async () => {
    const place = await sector()
    const form = new FormData()
    for (const [name, id] of Object.entries(place)) form.set(name, String(id))
    const rows = Array.from({ length: 400 }, (_, n) => `coffee grinder ${n},${n * 10}`)
    form.set('file', new Blob([`keyword,volume\n${rows.join('\n')}\n`]), 'keywords.csv')
    const imported = await owner.post('planner/keywords/import_csv/', form)
    expect(imported.body).toMatchObject({ imported: 400, errors: [] })
    const run = await owner.run('planner/keywords/auto_cluster/', place)
    expect(run).toMatchObject({ state: 'SUCCESS', error: null })
    expect((await owner.get('billing/balance/')).body).toMatchObject({ charged: 15, held: 0 })
    const { body } = await owner.call<string>('GET', 'planner/keywords/export_csv/')
    expect(body.trim().split('\n')).toHaveLength(402)
  })

  it('answers one key once, of ten at once', async () => {
    const place = await sector()
    const send = () =>
      owner.call(
        'POST',
        'planner/keywords/',
        { ...place, keyword: 'once' },
        { 'idempotency-key': 'k1' },
      )
    const answers = await Promise.all(Array.from({ length: 10 }, send))
    expect(answers.filter(({ status }) => status === 201).length).toBeGreaterThan(0)
    expect(answers.filter(({ status }) => status !== 201 && status !== 409)).toEqual([])
    const { body } = await owner.get<{ count: number }>(
      `planner/keywords/?sector_id=${place.sector_id}`,
    )
    expect(body.count).toBe(1)
  })

  it('renders its own description, and hands out the plugin', async () => {
    expect(await (await fetch(`${edge.url}/docs`)).text()).toContain('/docs/start.js')
    const script = await fetch(`${edge.url}/docs/swagger-ui-bundle.js`)
    expect(script.headers.get('content-type')).toContain('text/javascript')
    expect((await script.text()).length).toBeGreaterThan(1_000_000)
    // What the page's files are beside is served by no other address.
    for (const path of ['/plugin.zip', '/swagger-ui.css', '/docs/plugin.zip']) {
      expect((await fetch(edge.url + path)).status, path).toBe(404)
    }
    const { site_id } = await sector()
    const plugin = await owner.call<string>('GET', `auth/sites/${site_id}/wordpress/plugin.zip`)
    expect(plugin.body).toContain('igny8-bridge/igny8-bridge.php')
    const described = await fetch(`${edge.url}/api/v1/openapi.json`)
    expect(await described.json()).toMatchObject({ servers: [{ url: edge.url }] })
  })

  it('is ready, and logs each request as a line that holds no secret', async () => {
    expect(await (await fetch(`${edge.url}/readyz`)).json()).toEqual({ status: 'ready' })
    await owner.get(`auth/me/?password=${PASSWORD}`)
    const lines = edge
      .edgeLog()
      .split('\n')
      .filter((line) => line.startsWith('{'))
    expect(lines.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ level: 'info', path: '/api/v1/auth/me/', status: 200 }),
    )
    for (const secret of [PASSWORD, owner.token, owner.refresh]) {
      expect(lines.join('\n')).not.toContain(secret)
    }
  })
})

it('names the setting that it lacks', async () => {
  const lacking = await startEdge({ ...edge.config, bucket: undefined })
  try {
    expect((await fetch(`${lacking.url}/healthz`)).status).toBe(500)
    expect(lacking.log()).toContain('IGNY8_S3_URL: required on Workers')
  } finally {
    await lacking.stop()
  }
})
