import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { startWordPress, type WordPress } from '../wordpress/wordpress.ts'

type Site = { id: number }

let wordpress: WordPress
let stranger: Server
let answerOfStranger: RequestListener = (_request, response) => response.end('hello')
let service: TestService
let owner: Client
let site: Site
beforeAll(async () => {
  wordpress = await startWordPress()
  stranger = createServer((request, response) => answerOfStranger(request, response))
  await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve))
  service = await startTestService({
    allowPrivateSites: [new URL(wordpress.url).host, new URL(strangerUrl()).host],
  })
  owner = await service.owner()
  site = (await owner.post<Site>('auth/sites/', { name: 'Blog' })).body
})
afterAll(async () => {
  await service?.stop()
  await wordpress?.stop()
  stranger?.close()
})

const strangerUrl = () => `http://127.0.0.1:${(stranger.address() as AddressInfo).port}`

type Credentials = { wp_url?: string; wp_username?: string; wp_app_password?: string }
const link = (credentials: Credentials = {}) =>
  owner.call('PUT', `auth/sites/${site.id}/wordpress/`, {
    wp_url: wordpress.url,
    wp_username: wordpress.user,
    wp_app_password: wordpress.appPassword,
    ...credentials,
  })
const causeOf = async (credentials: Credentials) => {
  const { status, body } = await link(credentials)
  return { status, code: body.code, cause: body.cause_code }
}
const refused = (cause: string) => ({ status: 422, code: 'site_check_failed', cause })
const stored = async () =>
  (await service.sql`select wp_url, wp_app_password from sites where id = ${site.id}`)[0]!

describe('linking a WordPress', () => {
  it.each([
    ['nonsense', 'no address'],
    ['ftp://example.com', 'another protocol'],
    ['javascript:alert(1)', 'a script'],
    ['http://ann:secret@example.com', 'credentials inside'],
  ])('refuses %s with a 400 that names wp_url: %s', async (wp_url) => {
    const answer = await link({ wp_url })
    expect(answer.status).toBe(400)
    expect(answer.body.errors).toEqual([{ path: 'wp_url', message: expect.any(String) }])
    expect(JSON.stringify(answer.body)).not.toContain('secret')
  })

  it.each([
    'http://127.0.0.1:8099',
    'http://[::1]',
    'http://2130706433',
    'http://0x7f.1',
    'http://169.254.169.254',
    'http://localhost:8099',
  ])('refuses the private address %s', async (wp_url) => {
    expect(await causeOf({ wp_url })).toEqual(refused('egress_address_not_allowed'))
  })

  it('does not follow a redirect, to a private address or anywhere', async () => {
    answerOfStranger = (_request, response) =>
      response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data/' }).end()
    const answer = await link({ wp_url: strangerUrl() })
    expect([answer.status, answer.body.cause_code]).toEqual([422, 'redirected'])
  })

  it('says that a site is not a WordPress', async () => {
    answerOfStranger = (_request, response) => response.end('<h1>hello</h1>')
    expect(await causeOf({ wp_url: strangerUrl() })).toEqual(refused('not_wordpress'))
  })

  it('says that the password is wrong, and that a sign-in password is not one', async () => {
    const wrong = refused('wrong_credentials')
    expect(await causeOf({ wp_app_password: 'abcd efgh ijkl mnop' })).toEqual(wrong)
    expect(await causeOf({ wp_app_password: wordpress.password })).toEqual(wrong)
    expect(await causeOf({ wp_username: 'nobody' })).toEqual(wrong)
  })

  it('says that the user may not write', async () => {
    const { user, appPassword } = await wordpress.addUser('reader', 'subscriber')
    const cause = await causeOf({ wp_username: user, wp_app_password: appPassword })
    expect(cause).toEqual(refused('cannot_write_posts'))
  })

  it('says that REST is closed, or application passwords are', async () => {
    await wordpress.addMuPlugin({
      name: 'closed',
      php: `<?php add_filter('rest_authentication_errors', fn($e) => is_user_logged_in() ? $e : new WP_Error('rest_disabled_here', 'Closed', ['status' => 401]));`,
    })
    const closed = await causeOf({ wp_app_password: 'abcd efgh' })
    await wordpress.removeMuPlugin('closed')
    expect(closed).toEqual(refused('rest_disabled'))
    await wordpress.addMuPlugin({
      name: 'none',
      php: `<?php add_filter('wp_is_application_passwords_available', '__return_false');`,
    })
    const none = await causeOf({})
    await wordpress.removeMuPlugin('none')
    expect(none).toEqual(refused('application_passwords_unavailable'))
  })

  it('stores nothing of what was refused', async () => {
    expect(await stored()).toEqual({ wp_url: null, wp_app_password: null })
    const secrets = await service.sql`select 1 from runs where secret is not null`
    expect(secrets).toHaveLength(0)
  })

  it('checks, stores encrypted, and shows the password nowhere', async () => {
    const answer = await link()
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({
      wp_url: wordpress.url,
      wp_username: wordpress.user,
      roles: ['administrator'],
    })
    expect(answer.body.warnings).toEqual([expect.stringContaining('Editor')])
    const row = await stored()
    expect(row.wp_app_password).toMatch(/^v1\./)
    const everything = await service.sql`select (select string_agg(s::text, ' ') from sites s) ||
      (select string_agg(r::text, ' ') from runs r) || (select string_agg(a::text, ' ') from audit_log a) ||
      (select string_agg(j::text, ' ') from pgboss.job j) as text`
    expect(everything[0]!.text).not.toContain(wordpress.appPassword)
    const read = await owner.get(`auth/sites/${site.id}/`)
    expect(read.body).toMatchObject({ wp_url: wordpress.url })
    expect(JSON.stringify(read.body)).not.toContain(wordpress.appPassword)
  })

  it('does not decrypt for another site', async () => {
    const other = (await owner.post<Site>('auth/sites/', { name: 'Other' })).body
    await service.sql`update sites set (wp_url, wp_username, wp_app_password, wp_rest_root) =
      (select wp_url, wp_username, wp_app_password, wp_rest_root from sites where id = ${site.id})
      where id = ${other.id}`
    const unlinked = await owner.call('DELETE', `auth/sites/${other.id}/wordpress/`)
    expect([unlinked.status, unlinked.body.revoked]).toEqual([200, false])
    expect(
      (await wordpress.query(`select 1 from wp_usermeta where meta_key = '_application_passwords'`))
        .length,
    ).toBe(2)
  })

  it('is undone: the password is revoked in WordPress and forgotten', async () => {
    const { user, appPassword } = await wordpress.addUser('editor', 'editor')
    expect((await link({ wp_username: user, wp_app_password: appPassword })).status).toBe(200)
    const answer = await owner.call('DELETE', `auth/sites/${site.id}/wordpress/`)
    expect([answer.status, answer.body.revoked]).toEqual([200, true])
    expect(await stored()).toEqual({ wp_url: null, wp_app_password: null })
    const again = await causeOf({ wp_username: user, wp_app_password: appPassword })
    expect(again).toEqual(refused('wrong_credentials'))
    expect((await owner.call('DELETE', `auth/sites/${site.id}/wordpress/`)).status).toBe(409)
  })
})

describe("a site's own update", () => {
  const credentials = () => ({
    wp_url: `${wordpress.url}/`,
    wp_username: wordpress.user,
    wp_app_password: wordpress.appPassword,
  })
  const fresh = async () => (await owner.post<Site>('auth/sites/', { name: 'Fresh' })).body.id
  const update = (id: number, body: object) => owner.call('PATCH', `auth/sites/${id}/`, body)

  it('links its WordPress through the same check, and answers the site as it then stands', async () => {
    const id = await fresh()
    const answer = await update(id, { name: 'Renamed', ...credentials() })
    expect([answer.status, answer.body.name]).toEqual([200, 'Renamed'])
    expect(answer.body).toMatchObject({ wp_url: wordpress.url, wp_username: wordpress.user })
    expect(answer.body.wp_linked_at).not.toBeNull()
    expect(JSON.stringify(answer.body)).not.toContain(wordpress.appPassword)
    expect(answer.headers.get('etag')).toBe(
      (await owner.get(`auth/sites/${id}/`)).headers.get('etag'),
    )
  })

  it('stores nothing of a WordPress that refuses them, and keeps the rest', async () => {
    const id = await fresh()
    const wrong = { ...credentials(), wp_app_password: 'abcd efgh ijkl mnop qrst uvwx' }
    const answer = await update(id, { name: 'Kept', ...wrong })
    expect([answer.status, answer.body.code]).toEqual([422, 'site_check_failed'])
    const { body } = await owner.get(`auth/sites/${id}/`)
    expect(body).toMatchObject({ name: 'Kept', wp_url: null, wp_username: null })
  })

  it('sends the stored password nowhere else: another address or name needs one', async () => {
    const id = await fresh()
    await update(id, credentials())
    const { body: before } = await owner.get(`auth/sites/${id}/`)
    for (const change of [{ wp_url: strangerUrl() }, { wp_username: 'somebody' }]) {
      const answer = await update(id, change)
      expect([answer.status, answer.body.errors]).toEqual([
        400,
        [{ path: 'wp_app_password', message: expect.any(String) }],
      ])
    }
    const same = await update(id, { wp_url: before.wp_url, wp_username: before.wp_username })
    expect(same.body).toMatchObject({ wp_linked_at: before.wp_linked_at })
    const forgotten = await update(id, { wp_url: null })
    expect(forgotten.status).toBe(400)
  })

  it('takes back a site that is not linked as it was read', async () => {
    const answer = await update(await fresh(), { wp_url: null, wp_username: null })
    expect(answer.status).toBe(200)
    const half = await update(await fresh(), { wp_app_password: 'abcd' })
    expect(half.status).toBe(400)
  })
})
