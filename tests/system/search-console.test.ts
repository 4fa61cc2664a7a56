import { describe, expect, it } from 'vitest'
import { addUser, request } from '../helpers/client.ts'
import { GSC, OAUTH_CLIENT, PROPERTY, SearchConsoleFixture } from '../helpers/search-console.ts'

const at = new SearchConsoleFixture()

type Gsc = { config: Record<string, string | null> }

describe('connecting Search Console', () => {
  it('stores the grant encrypted and never shows it', async () => {
    expect((await at.saveClient()).body).toMatchObject({
      config: {
        ...{ client_id: OAUTH_CLIENT.id, client_secret: '…1234', refresh_token: null },
        redirect_uri: `${at.service.url}/api/v1/${GSC}callback/`,
      },
    })
    expect(await at.connect()).toMatchObject({
      status: 200,
      text: expect.stringContaining('is connected'),
    })
    const { body } = await at.owner.get<Gsc>(GSC)
    expect(body.config.refresh_token).toMatch(/^…....$/)
    const [stored] = await at.service.sql`
      select (select string_agg(t::text, ' ') from integration_settings t) ||
        (select string_agg(r::text, ' ') from runs r) ||
        (select string_agg(a::text, ' ') from audit_log a) as text`
    for (const text of [stored!.text, JSON.stringify(at.logged), JSON.stringify(body)]) {
      for (const secret of [OAUTH_CLIENT.secret, '1//refresh', '4/code', 'ya29.']) {
        expect(text).not.toContain(secret)
      }
    }
  })

  it('requires an OAuth client first', async () => {
    const none = await at.owner.post(`${GSC}connect/`)
    expect([none.status, none.body.code]).toEqual([409, 'integration_not_configured'])
    await at.owner.call('PUT', GSC, { config: { client_id: OAUTH_CLIENT.id } })
    expect((await at.owner.post(`${GSC}connect/`)).status).toBe(409)
  })

  it('accepts only the callback of the latest link, once', async () => {
    await at.saveClient()
    const [first, second] = [
      await at.owner.post(`${GSC}connect/`),
      await at.owner.post(`${GSC}connect/`),
    ]
    const stale = at.google.grant(String(first.body.authorize_url))
    expect((await fetch(stale)).status).toBe(404)
    const back = at.google.grant(String(second.body.authorize_url))
    expect((await fetch(back, { method: 'HEAD' })).status).toBe(200)
    const answers = await Promise.all([1, 2, 3].map(async () => (await fetch(back)).status))
    expect(answers.sort()).toEqual([200, 404, 404])
  })

  it('refuses a callback that is too late or unknown', async () => {
    await at.saveClient()
    const { body } = await at.owner.post<{ authorize_url: string }>(`${GSC}connect/`)
    const back = new URL(at.google.grant(body.authorize_url))
    const forged = new URL(back)
    const state = back.searchParams.get('state')!
    const stranger = await at.service.owner('Stranger')
    const refusals: unknown[] = []
    for (const account of [at.owner.accountId, stranger.accountId, 999_999_999]) {
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
    await at.service.sql`update integration_settings
      set oauth_state = oauth_state || '{"expires_at": "2020-01-01T00:00:00Z"}'
      where account_id = ${at.owner.accountId}`
    expect((await fetch(back)).status).toBe(404)
  })

  it('refuses a callback for a user who has lost the permission', async () => {
    await at.saveClient()
    for (const change of [{ role: 'editor' }, { is_active: false }]) {
      const admin = await addUser(at.owner, 'admin')
      const { body } = await admin.post<{ authorize_url: string }>(`${GSC}connect/`)
      const back = at.google.grant(body.authorize_url)
      await at.owner.call('PATCH', `auth/users/${admin.userId}/`, change)
      expect((await fetch(back)).status).toBe(404)
    }
    expect((await at.owner.get<Gsc>(GSC)).body.config.refresh_token).toBeNull()
  })

  it('changes nothing if access is not granted', async () => {
    await at.saveClient()
    const { body } = await at.owner.post<{ authorize_url: string }>(`${GSC}connect/`)
    const state = new URL(body.authorize_url).searchParams.get('state')
    const said = await request(
      at.service.url,
      'GET',
      `${GSC}callback/?error=access_denied&state=${state}`,
    )
    expect(said).toMatchObject({ status: 200, body: expect.stringContaining('not granted') })
    expect((await at.owner.get<Gsc>(GSC)).body.config.refresh_token).toBeNull()
  })

  it('shows on a page what Google refused', async () => {
    await at.saveClient({ client_secret: 'GOCSPX-another-one-5678' })
    expect(await at.connect()).toMatchObject({
      status: 422,
      text: expect.stringContaining('Check client_id and client_secret'),
    })
    await at.saveClient()
    at.google.script({ on: 'token', do: 'grant', body: { scope: 'openid' } })
    expect(await at.connect()).toMatchObject({
      status: 422,
      text: expect.stringContaining('select it'),
    })
    at.google.script({ on: 'token', do: 'grant', body: {} })
    expect(await at.connect()).toMatchObject({
      status: 422,
      text: expect.stringContaining('not grant lasting access'),
    })
  })

  it('deletes the grant together with its OAuth client', async () => {
    await at.connected()
    await at.saveClient({ client_id: OAUTH_CLIENT.id })
    expect((await at.owner.get<Gsc>(GSC)).body.config.refresh_token).not.toBeNull()
    await at.saveClient({ client_id: 'another.apps.googleusercontent.com' })
    expect((await at.owner.get<Gsc>(GSC)).body.config.refresh_token).toBeNull()
  })
})

describe('what is connected', () => {
  it('lists its properties', async () => {
    at.google.setQueries(PROPERTY, [])
    await at.connected()
    const { status, body } = await at.owner.post(`${GSC}properties/`)
    expect([status, body]).toEqual([
      200,
      { properties: [{ site_url: PROPERTY, permission_level: 'siteOwner' }] },
    ])
    const test = await at.owner.post(`${GSC}test/`)
    expect(test).toMatchObject({
      status: 200,
      body: { message: expect.stringContaining('1 prop') },
    })
  })

  it('reports a revoked grant', async () => {
    await at.connected()
    at.google.revoke()
    const answer = await at.owner.post(`${GSC}properties/`)
    expect(answer).toMatchObject({
      status: 422,
      body: { code: 'integration_check_failed', cause_code: 'gsc_grant_invalid' },
    })
  })

  it('reports a stored secret that cannot be decrypted', async () => {
    await at.connected()
    await at.service.sql`update integration_settings set refresh_token = 'v1.gone.x.x'
      where account_id = ${at.owner.accountId}`
    const answer = await at.owner.post(`${GSC}test/`)
    expect(answer).toMatchObject({ status: 422, body: { cause_code: 'gsc_secret_unreadable' } })
  })
})
