import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { MAX_RESPONSE_BYTES } from '../../server/http/response-size.ts'
import type { Answer, Client, Json } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { newSector, type Problem, type Row, type Sector } from '../planner/sector.ts'

/** So many articles of 1 MB, and so many rows of 60 KB of what else may be large. */
const ARTICLES = 30
const ROWS = 150
/** Megabytes take their time on a busy machine. */
vi.setConfig({ testTimeout: 300_000 })

type List = { count: number | null; next: string | null; results: Row[] }
let service: TestService
let owner: Client
let place: Sector & { account_id: number }
beforeAll(async () => {
  service = await startTestService({ role: 'api' })
  owner = await service.owner()
  place = { account_id: owner.accountId, ...(await newSector(owner)) }
})
afterAll(() => service.stop())

/** Plants rows, each with `bytes` of text in one column. */
async function plant(
  table: string,
  row: Json,
  column: string,
  bytes: number,
  rows = ROWS,
): Promise<void> {
  const [name, type] = column.split(':')
  const text = `repeat('x', ${bytes})`
  const value = type === 'json' ? `jsonb_build_object('text', ${text})` : text
  const places = Object.keys(row).map((_, index) => `$${index + 1}`)
  await service.sql.unsafe(
    `insert into ${table} (${[...Object.keys(row), name].join()})
      select ${[...places, value].join()} from generate_series(1, ${rows})`,
    Object.values(row) as string[],
  )
}

async function walk(path: string): Promise<List[]> {
  const pages: List[] = []
  for (let next: string | null = path; next; ) {
    const { status, body }: Answer<List> = await owner.get(next)
    expect(status, next).toBe(200)
    pages.push(body)
    next = body.next?.replace('/api/v1/', '') ?? null
  }
  return pages
}
const idsOf = (pages: List[]) => pages.flatMap(({ results }) => results.map(({ id }) => id))
const bytesOf = (page: List) => JSON.stringify(page.results).length

describe('a list of articles of 1 MB', () => {
  beforeAll(async () => {
    const { sql } = service
    await plant('tasks', place, 'title', 10, ARTICLES)
    await sql`insert into content (account_id, site_id, sector_id, task_id, html_content)
      select account_id, site_id, sector_id, id, repeat('x', 1000000) from tasks
      where account_id = ${owner.accountId}`
  })

  it('refuses a page that is too large and names a page size that fits', async () => {
    const refused = await owner.get<Problem>('writer/content/?page_size=200')
    expect(refused).toMatchObject({ status: 400, body: { code: 'answer_too_large' } })
    const size = /page_size=(\d+)/.exec(refused.body.detail)?.[1]
    expect(Number(size)).toBe(Math.floor(MAX_RESPONSE_BYTES / 1_000_002))
    const page = await owner.get<List>(`writer/content/?page_size=${size}`)
    expect(page).toMatchObject({ status: 200, body: { count: ARTICLES } })
    expect(page.body.results).toHaveLength(Number(size))
  })

  it.each(['-created_at', 'created_at', 'word_count'])(
    'is walked by cursor whole, ordered by %s, in pages that end early',
    async (ordering) => {
      const pages = await walk(`writer/content/?page_size=200&ordering=${ordering}&cursor=`)
      const { sql } = service
      const rows = await sql<{ id: string }[]>`select id from content
        where account_id = ${owner.accountId} order by created_at ${sql.unsafe(
          ordering.startsWith('-') ? 'desc' : '',
        )}, id ${sql.unsafe(ordering.startsWith('-') ? 'desc' : '')}`
      expect(idsOf(pages)).toEqual(rows.map(({ id }) => Number(id)))
      for (const page of pages) expect(bytesOf(page)).toBeLessThan(MAX_RESPONSE_BYTES * 1.1)
    },
  )

  it('returns whole pages if they fit', async () => {
    const pages = await walk('writer/content/?page_size=7')
    expect(new Set(idsOf(pages)).size).toBe(ARTICLES)
    expect(pages.at(-1)?.results).toHaveLength(ARTICLES % 7)
  })

  it('returns a single object even if it is too large', async () => {
    const { sql } = service
    const [one] = await sql<[{ id: string }]>`update content
      set html_content = repeat('x', 9000000) where id = (select max(id) from content) returning id`
    const page = await owner.get<List>('writer/content/?page_size=1')
    expect(page.body.results.map(({ id }) => id)).toEqual([Number(one.id)])
    const pages = await walk('writer/content/?page_size=200&cursor=')
    expect(pages[0]?.results).toHaveLength(1)
    expect(idsOf(pages)).toHaveLength(ARTICLES)
  })
})

describe('every list whose rows may be large', () => {
  it.each([
    ['writer/tasks/', 'tasks', 'description'],
    ['planner/ideas/', 'content_ideas', 'description'],
    ['system/strategies/', 'strategies', 'prompt_types:json'],
    ['system/author_profiles/', 'author_profiles', 'structure_template:json'],
    ['auth/audit_log/', 'audit_log', 'detail:json'],
    ['publishing/deliveries/', 'wordpress_deliveries', 'payload:json'],
  ])('%s ends a page early, and loses no row', async (path, table, column) => {
    const { account_id, site_id } = place
    const rows: Record<string, Json> = {
      tasks: { ...place, title: 'x' },
      content_ideas: { ...place, idea_title: 'x' },
      strategies: { account_id, name: 'x', is_active: false },
      author_profiles: { account_id, name: 'x' },
      audit_log: { account_id, action: 'x' },
      wordpress_deliveries: { account_id, site_id, type: 'x', state: 'failed' },
    }
    await plant(table, rows[table]!, column, 60_000)
    const refused = await owner.get<Problem>(`${path}?page_size=200`)
    expect(refused).toMatchObject({ status: 400, body: { code: 'answer_too_large' } })
    expect((await owner.get<List>(path)).body.results).toHaveLength(25)
    const [{ n }] = await service.sql<[{ n: number }]>`select count(*)::int as n
      from ${service.sql(table)} where account_id = ${account_id}`
    const pages = await walk(`${path}?page_size=200&cursor=`)
    expect(new Set(idsOf(pages)).size).toBe(n)
    expect(pages.length).toBeLessThan(10)
    for (const page of pages) expect(bytesOf(page)).toBeLessThan(MAX_RESPONSE_BYTES * 1.5)
  })
})

it('refuses to queue more ideas than tasks fit into one response', async () => {
  await plant('content_ideas', { ...place, idea_title: 'Long' }, 'description', 60_000)
  const rows = await service.sql<{ id: string }[]>`select id from content_ideas
    where account_id = ${owner.accountId} and idea_title = 'Long'`
  const ids = rows.map(({ id }) => Number(id))
  const refused = await owner.post<Problem>('planner/ideas/bulk_queue_to_writer/', { ids })
  expect(refused).toMatchObject({ status: 400, body: { code: 'answer_too_large' } })
  const [{ n }] = await service.sql<[{ n: number }]>`select count(*)::int as n from tasks
    where title = 'Long'`
  expect(n).toBe(0)
  const fewer = await owner.post<Json>('planner/ideas/bulk_queue_to_writer/', {
    ids: ids.slice(0, 100),
  })
  expect(fewer.status).toBe(201)
})

it('shortens the results of a run whose steps exceed one response', async () => {
  const { sql } = service
  const { account_id, site_id } = place
  const [run] = await sql<[{ id: string }]>`insert into runs (account_id, site_id, kind, total)
    values (${account_id}, ${site_id}, 'publish', 4) returning id`
  const step = sql`(account_id, run_id, kind, object_id, state, result)`
  await sql`insert into run_steps ${step} select ${account_id}, ${run.id}, 'publish', -n, 'succeeded',
    jsonb_build_object('text', repeat('x', 1500000)) from generate_series(1, 3) n`
  await sql`insert into run_steps ${step}
    values (${account_id}, ${run.id}, 'publish', -4, 'pending', null)`
  type Cancelled = { state: string; result: { steps: Json[] } }
  const { body } = await owner.post<Cancelled>(`system/settings/task_progress/${run.id}/cancel/`)
  expect(body.state).toBe('CANCELLED')
  expect(body.result.steps.map(({ state, left_out }) => [state, left_out])).toEqual([
    ['succeeded', undefined],
    ['succeeded', undefined],
    ['succeeded', true],
    ['cancelled', undefined],
  ])
})
