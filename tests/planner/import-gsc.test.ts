import { describe, expect, it } from 'vitest'
import { addUser } from '../helpers/client.ts'
import { GSC, PROPERTY, SearchConsoleFixture } from '../helpers/search-console.ts'
import { addKeywords, newSector, type Sector } from './sector.ts'

const at = new SearchConsoleFixture()

type Rows = { results: { keyword: string; volume: number; difficulty: number; intent: string }[] }

async function keywordsOf({ sector_id }: Sector) {
  const path = `planner/keywords/?sector_id=${sector_id}&ordering=-volume&page_size=200`
  const { body } = await at.owner.get<Rows>(path)
  return body.results
}

const importFrom = (sector: Sector, fields: object = {}) =>
  at.owner.run('planner/keywords/import_gsc/', { ...sector, property: PROPERTY, ...fields })

describe('importing queries', () => {
  it('imports each query once, with its impressions as volume', async () => {
    at.google.setQueries(PROPERTY, [
      { query: 'pour over coffee', impressions: 900 },
      { query: 'Café  CREMA', impressions: 40 },
      { query: 'café crema', impressions: 2 },
      { query: 'x'.repeat(400), impressions: 7 },
      { query: 'nul\0character', impressions: 7 },
    ])
    const sector = await at.connected()
    await addKeywords(at.owner, sector, [
      { keyword: 'Pour Over Coffee', volume: 5, difficulty: 33, intent: 'commercial' },
    ])
    const already = at.google.requests.length
    const span = { start_date: '2026-01-01', end_date: '2026-01-31' }
    const progress = await importFrom(sector, span)
    expect(progress).toMatchObject({ state: 'SUCCESS' })
    expect(progress.result!.steps[0]!.result).toMatchObject({
      ...{ imported: 1, updated: 1, skipped: 3, queries: 5, property: PROPERTY },
      ...span,
    })
    expect(await keywordsOf(sector)).toMatchObject([
      { keyword: 'Pour Over Coffee', volume: 900, difficulty: 33, intent: 'commercial' },
      { keyword: 'café crema', volume: 42 },
    ])
    const asked = JSON.parse(at.google.requests.slice(already).at(-1)!.body)
    expect(asked).toMatchObject({ startDate: '2026-01-01', endDate: '2026-01-31', startRow: 0 })
    expect((await at.owner.get('billing/balance/')).body).toMatchObject({ charged: 0, held: 0 })
  })

  it('imports the 28 days up to three days ago by default', async () => {
    at.google.setQueries(PROPERTY, [])
    const sector = await at.connected()
    const { result } = await importFrom(sector)
    const { start_date, end_date } = result!.steps[0]!.result as Record<string, string>
    const day = 24 * 3600_000
    expect(Date.parse(end_date!) - Date.parse(start_date!)).toBe(27 * day)
    expect(Date.now() - Date.parse(end_date!)).toBeGreaterThan(2 * day)
    expect(Date.now() - Date.parse(end_date!)).toBeLessThan(5 * day)
  })

  it('reads all pages of a large property', async () => {
    const rows = Array.from({ length: 60_000 }, (_, n) => ({
      query: `query ${n % 500}`,
      impressions: 1,
    }))
    at.google.setQueries(PROPERTY, rows)
    const sector = await at.connected()
    const already = at.google.requests.length
    const { result } = await importFrom(sector)
    expect(result!.steps[0]!.result).toMatchObject({ queries: 60_000, imported: 500 })
    const asked = at.google.requests.slice(already).filter(({ path }) => path.endsWith('/query'))
    expect(asked.map(({ body }) => JSON.parse(body).startRow)).toEqual([0, 25_000, 50_000])
    expect((await keywordsOf(sector)).at(0)).toMatchObject({ volume: 120 })
  })

  it('names a property that Google refuses, and imports nothing', async () => {
    const sector = await at.connected()
    const progress = await importFrom(sector, { property: 'https://other.example/' })
    expect(progress).toMatchObject({ state: 'FAILURE', error: { code: 'gsc_access_refused' } })
    expect(await keywordsOf(sector)).toEqual([])
  })

  it('imports nothing past the plan limit, and says so', async () => {
    at.google.setQueries(PROPERTY, [
      { query: 'pour over coffee', impressions: 9 },
      { query: 'flat white', impressions: 8 },
    ])
    const sector = await at.connected()
    await at.service.sql`update plans set max_keywords = 1 where slug = 'starter'`
    await at.service.sql`update accounts set plan_id = (select id from plans where slug = 'starter')
      where id = ${at.owner.accountId}`
    const progress = await importFrom(sector)
    expect(progress).toMatchObject({ state: 'FAILURE', error: { code: 'plan_limit_reached' } })
    expect(await keywordsOf(sector)).toEqual([])
  })

  it('retries when Google fails in the middle', async () => {
    at.google.setQueries(PROPERTY, [{ query: 'pour over coffee', impressions: 9 }])
    const sector = await at.connected()
    at.google.script({ on: 'query', do: 'status', status: 503 })
    expect((await importFrom(sector)).state).toBe('SUCCESS')
    expect(await keywordsOf(sector)).toMatchObject([{ volume: 9 }])
  })

  it('refuses imports without a connection, of wrong dates and of other sectors', async () => {
    const sector = await newSector(at.owner)
    const path = 'planner/keywords/import_gsc/'
    const body = { ...sector, property: PROPERTY }
    const early = await at.owner.post(path, body)
    expect([early.status, early.body.code]).toEqual([409, 'integration_not_configured'])
    await at.saveClient()
    await at.connect()
    const wrong = { ...body, start_date: '2026-02-02', end_date: '2026-02-01' }
    expect((await at.owner.post(path, wrong)).body.errors).toMatchObject([{ path: 'start_date' }])
    const other = await newSector(at.owner, 'Other')
    const mixed = await at.owner.post(path, { ...body, sector_id: other.sector_id })
    expect(mixed.body.errors).toMatchObject([{ path: 'sector_id' }])
    const editor = await addUser(at.owner, 'editor', [other.site_id])
    expect((await editor.post(path, body)).status).toBe(404)
    const stranger = await at.service.owner('Stranger')
    expect((await stranger.post(path, body)).status).toBe(404)
    await at.owner.call('PATCH', GSC, { is_active: false })
    expect((await at.owner.post(path, body)).status).toBe(409)
  })
})
