import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Answer, addUser, type Client, request } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { type Belongings, belongingsOf } from './belongings.ts'

type List = { next: string | null; results: { id: number }[] }
type Described = {
  get?: { 'x-role': string; parameters?: { name: string; schema: { enum?: string[] } }[] }
}

let service: TestService
let owner: Client
let mine: Belongings
let lists: { path: string; orderings: string[] }[]
beforeAll(async () => {
  service = await startTestService({ role: 'api' })
  owner = await service.owner('Mine')
  mine = await belongingsOf(service, owner)
  const { body } = await request<{ paths: Record<string, Described> }>(
    service.url,
    'GET',
    'openapi.json',
  )
  lists = Object.entries(body.paths).flatMap(([full, { get }]) => {
    if (get?.['x-role'] === 'staff') return []
    const orderings = get?.parameters?.find(({ name }) => name === 'ordering')?.schema.enum
    const path = full.replace('/api/v1/', '').replace('{id}', String(mine.site))
    return orderings ? [{ path, orderings }] : []
  })
})
afterAll(() => service.stop())

/** Five more rows of each kind, some of them equal in what they are ordered by. */
async function plant(): Promise<void> {
  const { sql } = service
  const place = { account_id: owner.accountId, site_id: mine.site, sector_id: mine.sector }
  for (let n = 0; n < 5; n++) {
    const half = Math.floor(n / 2)
    const keyword = { ...place, keyword: `k${n}`, volume: half, difficulty: half }
    await sql`insert into keywords ${sql(keyword)}`
    await sql`insert into clusters ${sql({ ...place, name: `c${n}` })}`
    await sql`insert into content_ideas ${sql({ ...place, idea_title: `i${half}` })}`
    await sql`insert into tasks ${sql({ ...place, title: `t${half}`, word_count: half })}`
    await sql`insert into author_profiles ${sql({ account_id: owner.accountId, name: `a${half}` })}`
    await sql`insert into strategies
      ${sql({ account_id: owner.accountId, name: `s${half}`, is_active: false })}`
    await owner.post('auth/sites/', { name: `Site ${half}` })
    await addUser(owner, 'viewer', [mine.site])
  }
}

async function walk(path: string): Promise<number[]> {
  const seen: number[] = []
  for (let next: string | null = path; next; ) {
    const { status, body }: Answer<List> = await owner.get<List>(next)
    expect(status, next).toBe(200)
    seen.push(...body.results.map(({ id }) => id))
    next = body.next?.replace('/api/v1/', '') ?? null
  }
  return seen
}

it('walks every list in every ordering by cursor as by page, each row once', async () => {
  await plant()
  expect(lists.length).toBeGreaterThan(10)
  for (const { path, orderings } of lists) {
    for (const ordering of orderings) {
      const query = `${path}?ordering=${ordering}&page_size=2`
      const pages = await walk(query)
      expect(await walk(`${query}&cursor=`), query).toEqual(pages)
      expect(new Set(pages).size, query).toBe(pages.length)
      const beyond = await owner.get<List>(`${path}?ordering=${ordering}&page=100000`)
      expect([beyond.status, beyond.body.results], query).toEqual([200, []])
    }
  }
})

it('refuses a cursor of another ordering, and fails for none', async () => {
  const cursor = (...parts: unknown[]) => Buffer.from(JSON.stringify(parts)).toString('base64url')
  const values = ['x', "' or 1=1 --", '\0', '', 1.5, -1, 2 ** 60, null, true, {}, [1]]
  for (const { path, orderings } of lists) {
    for (const ordering of orderings) {
      const query = `${path}?ordering=${ordering}&cursor=`
      for (const value of values) {
        const answer = await owner.get(query + cursor(ordering, value, 1))
        expect([200, 400], `${query} ${value}`).toContain(answer.status)
      }
      expect((await owner.get(query + cursor('other', 1, 1))).status).toBe(400)
    }
  }
})

it('searches for % _ and \\ as characters', async () => {
  const place = { site_id: mine.site, sector_id: mine.sector }
  const keywords = { '%': '100% cotton', _: 'snake_case', '\\': 'back\\slash' }
  for (const keyword of Object.values(keywords)) {
    await owner.post('planner/keywords/', { ...place, keyword })
  }
  for (const [search, keyword] of Object.entries(keywords)) {
    const path = `planner/keywords/?search=${encodeURIComponent(search)}`
    const { body } = await owner.get<{ results: { keyword: string }[] }>(path)
    expect(body.results.map((row) => row.keyword)).toEqual([keyword])
  }
})
