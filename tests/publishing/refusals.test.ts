import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import {
  type Refuse,
  type StandInAnswer,
  type StandInRequest,
  type StandInWordPress,
  startStandInWordPress,
} from '../helpers/stand-in-wordpress.ts'
import { until } from '../helpers/until.ts'
import { type Place, writeArticles } from './linked-blog.ts'

let site: StandInWordPress
let service: TestService
let owner: Client
let place: Place
beforeAll(async () => {
  site = await startStandInWordPress()
  service = await startTestService({ allowPrivateSites: [site.host], settleMs: 2_000 })
  owner = await service.owner()
  await service.sql`update accounts set credits = 100000 where id = ${owner.accountId}`
  const { id } = (await owner.post<{ id: number }>('auth/sites/', { name: 'Refusing' })).body
  const linked = await link(id)
  expect(linked.status, JSON.stringify(linked.body)).toBe(200)
  const sector = await owner.post<{ id: number }>('auth/sectors/', { site_id: id, name: 'Tea' })
  place = { site_id: id, sector_id: sector.body.id }
})
beforeEach(() => {
  site.refuse(() => undefined)
  site.requests.length = 0
})
afterAll(async () => {
  await service?.stop()
  await site?.stop()
})

const link = (id: number) =>
  owner.call<{ detail?: string; cause_code?: string }>('PUT', `auth/sites/${id}/wordpress/`, {
    wp_url: site.url,
    wp_username: 'editor',
    wp_app_password: 'abcd efgh ijkl mnop qrst uvwx',
  })

const isPost = ({ method, path }: StandInRequest, kind: string) =>
  method === 'POST' && path === `/wp-json/wp/v2/${kind}`
const isNewPost = (request: StandInRequest) =>
  isPost(request, 'posts') && request.body.id === undefined
const postsOf = (title: string) =>
  site.requests.filter((request) => isNewPost(request) && request.body.title === title)
const siteOf = async () =>
  (
    await owner.get<{ wp_paused_at: string | null; wp_pause_reason: { code: string } | null }>(
      `auth/sites/${place.site_id}/`,
    )
  ).body

const page = (status: number, words: string): StandInAnswer => ({
  status,
  body: `<html><head><title>${words}</title><script>var x = 1</script></head><body><h1>${words}</h1>`,
})
const refuseTitle =
  (title: string, answer: StandInAnswer): Refuse =>
  (request) =>
    isNewPost(request) && request.body.title === title ? answer : undefined

describe('an article that something in front of WordPress refuses', () => {
  it.each([
    [
      'a firewall',
      page(403, 'Request forbidden by rule 942100 &amp; co'),
      'blocked_by_firewall',
      1,
    ],
    ['the server, as too large', page(413, 'Request Entity Too Large'), 'too_large', 1],
    ['a broken server', page(500, 'Internal Server Error'), 'server_error', 1],
    [
      'WordPress itself, with no status in its answer',
      {
        status: 500,
        body: { code: 'db_insert_error', message: 'Cannot <b>insert</b>', data: null },
      },
      'server_error',
      3,
    ],
  ])(
    'fails soon with the reason, and does not affect other articles: %s',
    async (what, answer, code, times) => {
      const [refused, other] = [`Refused by ${what}`, `Beside ${what}`]
      site.refuse(refuseTitle(refused, answer))
      const ids = await writeArticles(owner, place, [refused, other], { images_per_task: 1 })
      const ended = await owner.run('writer/tasks/publish/', { ids })
      expect(ended.state).toBe('FAILURE')
      const { body } = await owner.get<{
        error: { code: string; message: string }
        status: string
      }>(`writer/tasks/${ids[0]}/`)
      expect(body.error.code).toBe(code)
      expect(body.error.message).toContain(`status ${answer.status}`)
      const words =
        typeof answer.body === 'string' ? /<h1>(.*?)</.exec(answer.body)![1]! : 'Cannot insert'
      expect(body.error.message).toContain(words.replace('&amp;', '&'))
      expect(body.error.message).not.toContain('var x')
      expect(body.status).toBe('review')
      expect(site.titles()).toContain(other)
      expect(postsOf(refused)).toHaveLength(times)
      // Of both articles, with the question whether the site works at all.
      expect(site.requests.length).toBeLessThan(120)
      expect((await siteOf()).wp_paused_at).toBeNull()
      site.refuse(() => undefined)
      expect((await owner.run('writer/tasks/publish/', { ids: [ids[0]!] })).state).toBe('SUCCESS')
    },
  )

  it('fails with the reason after some attempts of unknown outcome', async () => {
    const title = 'Behind a broken gateway'
    site.refuse(refuseTitle(title, page(502, 'Bad Gateway')))
    const ids = await writeArticles(owner, place, [title], { images_per_task: 1 })
    const ended = await owner.run('writer/tasks/publish/', { ids })
    expect(ended.error?.message).toContain('status 502')
    expect(postsOf(title).length).toBeLessThanOrEqual(7)
    expect(site.requests.length).toBeLessThan(300)
  }, 240_000)
})

describe('an optional part of an article', () => {
  it('is left out when the server refuses it, and sent with the next publication', async () => {
    const title = 'With a large picture'
    site.refuse((request) =>
      isPost(request, 'media') ? page(413, 'Request Entity Too Large') : undefined,
    )
    const ids = await writeArticles(owner, place, [title], { images_per_task: 1 })
    const run = await owner.run('writer/tasks/publish/', { ids })
    expect(run.state).toBe('SUCCESS')
    const receipt = run.result!.steps[0]!.result as Receipt
    const note = expect.stringContaining('status 413')
    expect(receipt.fields).toContainEqual({ field: 'featured_media', state: 'dropped', note })
    expect(receipt.warnings[0]).toContain('client_max_body_size')
    const uploads = () => site.requests.filter((request) => isPost(request, 'media')).length
    expect(uploads()).toBeLessThanOrEqual(3)
    site.refuse(() => undefined)
    const again = await owner.run('writer/tasks/publish/', { ids })
    expect((again.result!.steps[0]!.result as Receipt).fields).toContainEqual(
      expect.objectContaining({ field: 'featured_media', state: 'applied' }),
    )
  })

  it('is left out of each article in bulk when WordPress cannot insert it', async () => {
    const created = async (path: string, body: object) =>
      (await owner.post<{ id: number }>(path, { ...place, ...body })).body.id
    const cluster_id = await created('planner/clusters/', { name: 'Refused category' })
    const keyword = await created('planner/keywords/', { keyword: 'refused tag' })
    const titles = ['One of a bulk', 'Two of a bulk', 'Three of a bulk']
    const ids = await writeArticles(owner, place, titles, { images_per_task: 1 })
    for (const id of ids) {
      const terms = { cluster_id, keyword_objects: [keyword] }
      await owner.call('PATCH', `writer/tasks/${id}/`, terms)
    }
    site.refuse((request) =>
      ['media', 'categories', 'tags'].some((kind) => isPost(request, kind))
        ? { status: 500, body: { code: 'db_insert_error', message: 'No insert', data: null } }
        : undefined,
    )
    const run = await owner.run('writer/tasks/publish/', { ids })
    expect(run.state, JSON.stringify(run.error)).toBe('SUCCESS')
    expect(site.titles()).toEqual(expect.arrayContaining(titles))
    for (const { result } of run.result!.steps) {
      const dropped = (result as Receipt).fields.filter(({ state }) => state === 'dropped')
      expect(dropped.map(({ field }) => field)).toEqual(
        expect.arrayContaining(['featured_media', 'categories', 'tags']),
      )
    }
  })
  type Receipt = { fields: { field: string; state: string }[]; warnings: string[] }
})

describe('a site whose plugin does not unpair', () => {
  it('has its application password revoked when it is unlinked', async () => {
    const { id } = (await owner.post<{ id: number }>('auth/sites/', { name: 'Unlinked' })).body
    const paired = { plugin_version: '0.1.0', pairing: { paired: true, site_id: id } }
    const answers: Record<string, StandInAnswer> = {
      'GET igny8/v1/status': {
        status: 200,
        body: { ...paired, seo_plugins: [], wp_cron: { healthy: true, late_seconds: 0 } },
      },
      'PUT igny8/v1/pairing': { status: 200, body: { site_id: id } },
      'DELETE igny8/v1/pairing': page(403, 'No DELETE here'),
      'GET wp/v2/users/me/application-passwords/introspect': { status: 200, body: { uuid: 'u1' } },
      'DELETE wp/v2/users/me/application-passwords/u1': { status: 200, body: { deleted: true } },
    }
    site.refuse(({ method, path }) => answers[`${method} ${path.replace('/wp-json/', '')}`])
    const linked = await link(id)
    expect(linked.body).toMatchObject({ plugin: 'paired' })
    const unlinked = await owner.call<{ revoked: boolean }>('DELETE', `auth/sites/${id}/wordpress/`)
    expect(unlinked.body.revoked).toBe(true)
    const asked = site.requests.map(({ method, path }) => `${method} ${path}`)
    expect(asked).toContain('DELETE /wp-json/igny8/v1/pairing')
    expect(asked).toContain('DELETE /wp-json/wp/v2/users/me/application-passwords/u1')
  })
})

describe('a site behind a firewall', () => {
  const paused = (code: string) =>
    until(async () => (await siteOf()).wp_pause_reason?.code === code, {
      what: `the pause of the site for ${code}`,
    })

  it('is paused while every write is blocked, and resumes afterwards', async () => {
    site.refuse(({ method }) => (method === 'POST' ? page(403, 'No POST here') : undefined))
    const ids = await writeArticles(owner, place, ['No write'], { images_per_task: 1 })
    const { body } = await owner.post<{ task_id: number }>('writer/tasks/publish/', { ids })
    await paused('blocked_by_firewall')
    site.refuse(() => undefined)
    await service.sql`update sites set wp_probe_at = now() where id = ${place.site_id}`
    expect((await owner.follow(body.task_id)).state).toBe('SUCCESS')
  })

  it('is waited for while WordPress is updated', async () => {
    const until = Date.now() + 4_000
    site.refuse(({ path }) =>
      path.startsWith('/wp-json/') && Date.now() < until
        ? {
            status: 503,
            headers: { 'retry-after': '2' },
            body: {
              code: 'wp_die',
              message: 'Briefly unavailable for scheduled maintenance.',
              data: { status: 503 },
            },
          }
        : undefined,
    )
    const ids = await writeArticles(owner, place, ['While updating'], { images_per_task: 1 })
    expect((await owner.run('writer/tasks/publish/', { ids })).state).toBe('SUCCESS')
    expect((await siteOf()).wp_paused_at).toBeNull()
  })

  const basic = { 'www-authenticate': 'Basic realm="Staging"' }
  it.each<[string, string, StandInAnswer]>([
    [
      'a challenge',
      'blocked_by_firewall',
      { ...page(403, 'Just a moment...'), headers: { 'cf-mitigated': 'challenge' } },
    ],
    ['an older challenge', 'blocked_by_firewall', page(503, 'Just a moment...')],
    [
      'maintenance',
      'maintenance',
      {
        ...page(503, 'Briefly unavailable for scheduled maintenance. Check back in a minute.'),
        headers: { 'retry-after': '600' },
      },
    ],
    [
      'a fatal error',
      'critical_error',
      page(500, 'There has been a critical error on this website.'),
    ],
    [
      'a German fatal error',
      'critical_error',
      {
        status: 500,
        body: '<body id="error-page"><div class="wp-die-message"><p>Es gab einen kritischen Fehler.</p>',
      },
    ],
    ['a suspended account', 'hosting_suspended', page(200, 'This Account has been suspended.')],
    ['HTTP Basic', 'basic_auth', { ...page(401, '401 Unauthorized'), headers: basic }],
    ['a broken server', 'server_error', page(500, 'Internal Server Error')],
  ])(
    'says so when it is linked, everywhere or before the REST API alone: %s',
    async (what, code, answer) => {
      const { id } = (await owner.post<{ id: number }>('auth/sites/', { name: what })).body
      for (const begins of ['/', '/wp-json/']) {
        site.refuse(({ path }) => (path.startsWith(begins) ? answer : undefined))
        const { status, body } = await link(id)
        expect([begins, status, body.cause_code]).toEqual([begins, 422, code])
      }
    },
  )
})
