import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { addUser, type Client, request } from '../helpers/client.ts'
import { type GscServer, startGscServer } from '../helpers/gsc-server.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { addKeywords, newSector, type Sector } from '../planner/sector.ts'

const CLIENT = { id: 'a-client.apps.googleusercontent.com', secret: 'GOCSPX-very-secret-1234' }
const GSC = 'system/settings/integrations/gsc/'
const PROPERTY = 'sc-domain:example.com'

let google: GscServer
let service: TestService
let owner: Client
const logged: unknown[] = []
beforeAll(async () => {
  google = await startGscServer(CLIENT)
  const note = (fields: object) => void logged.push(fields)
  service = await startTestService({
    allowPrivateSites: [google.hostPort],
    googleUrls: google.urls,
    logger: { info: note, warn: note, error: note },
  })
})
beforeEach(async () => {
  owner = await service.owner()
})
afterAll(async () => {
  await service?.stop()
  await google?.stop()
})

const saveClient = (fields: object = {}) => {
  const config = { client_id: CLIENT.id, client_secret: CLIENT.secret, ...fields }
  return owner.call('PUT', GSC, { config })
}

/** As a person would: asks for the address, grants the access there, and is sent back. */
async function connect(): Promise<{ status: number; text: string }> {
  const { body } = await owner.post<{ authorize_url: string }>(`${GSC}connect/`)
  const answer = await fetch(google.grant(body.authorize_url))
  return { status: answer.status, text: await answer.text() }
}

async function connected(): Promise<Sector> {
  await saveClient()
  expect((await connect()).status).toBe(200)
  return newSector(owner)
}

type Gsc = { config: Record<string, string | null> }

describe('connecting Search Console', () => {
  it('stores the grant encrypted and never shows it', async () => {
    expect((await saveClient()).body).toMatchObject({
      config: {
        ...{ client_id: CLIENT.id, client_secret: '…1234', refresh_token: null },
        redirect_uri: `${service.url}/api/v1/${GSC}callback/`,
      },
    })
    expect(await connect()).toMatchObject({
      status: 200,
      text: expect.stringContaining('is connected'),
    })
    const { body } = await owner.get<Gsc>(GSC)
    expect(body.config.refresh_token).toMatch(/^…....$/)
    const [stored] = await service.sql`
      select (select string_agg(t::text, ' ') from integration_settings t) ||
        (select string_agg(r::text, ' ') from runs r) ||
        (select string_agg(a::text, ' ') from audit_log a) as text`
    for (const text of [stored!.text, JSON.stringify(logged), JSON.stringify(body)]) {
      for (const secret of [CLIENT.secret, '1//refresh', '4/code', 'ya29.']) {
        expect(text).not.toContain(secret)
      }
    }
  })

  it('requires an OAuth client first', async () => {
    const none = await owner.post(`${GSC}connect/`)
    expect([none.status, none.body.code]).toEqual([409, 'integration_not_configured'])
    await owner.call('PUT', GSC, { config: { client_id: CLIENT.id } })
    expect((await owner.post(`${GSC}connect/`)).status).toBe(409)
  })

  it('accepts only the callback of the latest link, once', async () => {
    await saveClient()
    const [first, second] = [await owner.post(`${GSC}connect/`), await owner.post(`${GSC}connect/`)]
    const stale = google.grant(String(first.body.authorize_url))
    expect((await fetch(stale)).status).toBe(404)
    const back = google.grant(String(second.body.authorize_url))
    expect((await fetch(back, { method: 'HEAD' })).status).toBe(200)
    const answers = await Promise.all([1, 2, 3].map(async () => (await fetch(back)).status))
    expect(answers.sort()).toEqual([200, 404, 404])
  })

  it('refuses a callback that is too late or unknown', async () => {
    await saveClient()
    const { body } = await owner.post<{ authorize_url: string }>(`${GSC}connect/`)
    const back = new URL(google.grant(body.authorize_url))
    const forged = new URL(back)
    const state = back.searchParams.get('state')!
    const stranger = await service.owner('Stranger')
    const refusals: unknown[] = []
    for (const account of [owner.accountId, stranger.accountId, 999_999_999]) {
      forged.searchParams.set('state', `${account}.${'A'.repeat(43)}`)
      const answer = await fetch(forged)
      const { request_id: _, ...problem } = (await answer.json()) as Record<string, unknown>
      refusals.push([answer.status, problem])
    }
    expect(refusals[0]).toMatchObject([404, { code: 'not_found' }])
    expect(refusals).toEqual([refusals[0], refusals[0], refusals[0]])
    const moved = state.replace(/^\d+/, String(stranger.accountId))
    forged.searchParams.set('state', moved)
    expect((await fetch(forged)).status).toBe(404)
    await service.sql`update integration_settings
      set oauth_state = oauth_state || '{"expires_at": "2020-01-01T00:00:00Z"}'
      where account_id = ${owner.accountId}`
    expect((await fetch(back)).status).toBe(404)
  })

  it('refuses a callback for a user who has lost the permission', async () => {
    await saveClient()
    for (const change of [{ role: 'editor' }, { is_active: false }]) {
      const admin = await addUser(owner, 'admin')
      const { body } = await admin.post<{ authorize_url: string }>(`${GSC}connect/`)
      const back = google.grant(body.authorize_url)
      await owner.call('PATCH', `auth/users/${admin.userId}/`, change)
      expect((await fetch(back)).status).toBe(404)
    }
    expect((await owner.get<Gsc>(GSC)).body.config.refresh_token).toBeNull()
  })

  it('changes nothing if access is not granted', async () => {
    await saveClient()
    const { body } = await owner.post<{ authorize_url: string }>(`${GSC}connect/`)
    const state = new URL(body.authorize_url).searchParams.get('state')
    const said = await request(
      service.url,
      'GET',
      `${GSC}callback/?error=access_denied&state=${state}`,
    )
    expect(said).toMatchObject({ status: 200, body: expect.stringContaining('not granted') })
    expect((await owner.get<Gsc>(GSC)).body.config.refresh_token).toBeNull()
  })

  it('shows on a page what Google refused', async () => {
    await saveClient({ client_secret: 'GOCSPX-another-one-5678' })
    expect(await connect()).toMatchObject({
      status: 422,
      text: expect.stringContaining('Check client_id and client_secret'),
    })
    await saveClient()
    google.script({ on: 'token', do: 'grant', body: { scope: 'openid' } })
    expect(await connect()).toMatchObject({
      status: 422,
      text: expect.stringContaining('select it'),
    })
    google.script({ on: 'token', do: 'grant', body: {} })
    expect(await connect()).toMatchObject({
      status: 422,
      text: expect.stringContaining('not grant lasting access'),
    })
  })

  it('deletes the grant together with its OAuth client', async () => {
    await connected()
    await saveClient({ client_id: CLIENT.id })
    expect((await owner.get<Gsc>(GSC)).body.config.refresh_token).not.toBeNull()
    await saveClient({ client_id: 'another.apps.googleusercontent.com' })
    expect((await owner.get<Gsc>(GSC)).body.config.refresh_token).toBeNull()
  })
})

describe('what is connected', () => {
  it('lists its properties', async () => {
    google.setQueries(PROPERTY, [])
    await connected()
    const { status, body } = await owner.post(`${GSC}properties/`)
    expect([status, body]).toEqual([
      200,
      { properties: [{ site_url: PROPERTY, permission_level: 'siteOwner' }] },
    ])
    const test = await owner.post(`${GSC}test/`)
    expect(test).toMatchObject({
      status: 200,
      body: { message: expect.stringContaining('1 prop') },
    })
  })

  it('reports a revoked grant', async () => {
    await connected()
    google.revoke()
    const answer = await owner.post(`${GSC}properties/`)
    expect(answer).toMatchObject({
      status: 422,
      body: { code: 'integration_check_failed', cause_code: 'gsc_grant_invalid' },
    })
  })

  it('reports a stored secret that cannot be decrypted', async () => {
    await connected()
    await service.sql`update integration_settings set refresh_token = 'v1.gone.x.x'
      where account_id = ${owner.accountId}`
    const answer = await owner.post(`${GSC}test/`)
    expect(answer).toMatchObject({ status: 422, body: { cause_code: 'gsc_secret_unreadable' } })
  })
})

type Rows = { results: { keyword: string; volume: number; difficulty: number; intent: string }[] }

async function keywordsOf({ sector_id }: Sector) {
  const path = `planner/keywords/?sector_id=${sector_id}&ordering=-volume&page_size=200`
  const { body } = await owner.get<Rows>(path)
  return body.results
}

const importFrom = (sector: Sector, fields: object = {}) =>
  owner.run('planner/keywords/import_gsc/', { ...sector, property: PROPERTY, ...fields })

describe('importing queries', () => {
  it('imports each query once, with its impressions as volume', async () => {
    google.setQueries(PROPERTY, [
      { query: 'pour over coffee', impressions: 900 },
      { query: 'Café  CREMA', impressions: 40 },
      { query: 'café crema', impressions: 2 },
      { query: 'x'.repeat(400), impressions: 7 },
      { query: 'nul\0character', impressions: 7 },
    ])
    const sector = await connected()
    await addKeywords(owner, sector, [
      { keyword: 'Pour Over Coffee', volume: 5, difficulty: 33, intent: 'commercial' },
    ])
    const already = google.requests.length
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
    const asked = JSON.parse(google.requests.slice(already).at(-1)!.body)
    expect(asked).toMatchObject({ startDate: '2026-01-01', endDate: '2026-01-31', startRow: 0 })
    expect((await owner.get('billing/balance/')).body).toMatchObject({ charged: 0, held: 0 })
  })

  it('imports the 28 days up to three days ago by default', async () => {
    google.setQueries(PROPERTY, [])
    const sector = await connected()
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
    google.setQueries(PROPERTY, rows)
    const sector = await connected()
    const already = google.requests.length
    const { result } = await importFrom(sector)
    expect(result!.steps[0]!.result).toMatchObject({ queries: 60_000, imported: 500 })
    const asked = google.requests.slice(already).filter(({ path }) => path.endsWith('/query'))
    expect(asked.map(({ body }) => JSON.parse(body).startRow)).toEqual([0, 25_000, 50_000])
    expect((await keywordsOf(sector)).at(0)).toMatchObject({ volume: 120 })
  })

  it('says which property is refused, and imports nothing', async () => {
    const sector = await connected()
    const progress = await importFrom(sector, { property: 'https://other.example/' })
    expect(progress).toMatchObject({ state: 'FAILURE', error: { code: 'gsc_access_refused' } })
    expect(await keywordsOf(sector)).toEqual([])
  })

  it('past what the plan allows imports nothing, and says so', async () => {
    google.setQueries(PROPERTY, [
      { query: 'pour over coffee', impressions: 9 },
      { query: 'flat white', impressions: 8 },
    ])
    const sector = await connected()
    await service.sql`update plans set max_keywords = 1 where slug = 'starter'`
    await service.sql`update accounts set plan_id = (select id from plans where slug = 'starter')
      where id = ${owner.accountId}`
    const progress = await importFrom(sector)
    expect(progress).toMatchObject({ state: 'FAILURE', error: { code: 'plan_limit_reached' } })
    expect(await keywordsOf(sector)).toEqual([])
  })

  it('is tried again when Google fails in the middle', async () => {
    google.setQueries(PROPERTY, [{ query: 'pour over coffee', impressions: 9 }])
    const sector = await connected()
    google.script({ on: 'query', do: 'status', status: 503 })
    expect((await importFrom(sector)).state).toBe('SUCCESS')
    expect(await keywordsOf(sector)).toMatchObject([{ volume: 9 }])
  })

  it('is refused where it cannot be', async () => {
    const sector = await newSector(owner)
    const path = 'planner/keywords/import_gsc/'
    const body = { ...sector, property: PROPERTY }
    const early = await owner.post(path, body)
    expect([early.status, early.body.code]).toEqual([409, 'integration_not_configured'])
    await saveClient()
    await connect()
    const wrong = { ...body, start_date: '2026-02-02', end_date: '2026-02-01' }
    expect((await owner.post(path, wrong)).body.errors).toMatchObject([{ path: 'start_date' }])
    const other = await newSector(owner, 'Other')
    const mixed = await owner.post(path, { ...body, sector_id: other.sector_id })
    expect(mixed.body.errors).toMatchObject([{ path: 'sector_id' }])
    const editor = await addUser(owner, 'editor', [other.site_id])
    expect((await editor.post(path, body)).status).toBe(404)
    const stranger = await service.owner('Stranger')
    expect((await stranger.post(path, body)).status).toBe(404)
    await owner.call('PATCH', GSC, { is_active: false })
    expect((await owner.post(path, body)).status).toBe(409)
  })
})
