import { request as httpRequest } from 'node:http'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Client, PASSWORD, request } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { type Belongings, belongingsOf } from './belongings.ts'

const MEGABYTE = 1024 * 1024

let service: TestService
let owner: Client
let stranger: Client
let mine: Belongings
let theirs: Belongings
const logged: { level: string; fields: object; message: string }[] = []
beforeAll(async () => {
  const log = (level: string) => (fields: object, message: string) => {
    logged.push({ level, fields, message })
  }
  const logger = { info: log('info'), warn: log('warn'), error: log('error') }
  service = await startTestService({ role: 'api', logger })
  owner = await service.owner('Mine')
  stranger = await service.owner('Theirs')
  mine = await belongingsOf(service, owner)
  theirs = await belongingsOf(service, stranger)
})
afterAll(() => service.stop())

/** Sends exactly these bytes as the body, in chunks unless their length is announced. */
function send(
  method: string,
  path: string,
  headers: Record<string, string>,
  chunks: (string | Uint8Array)[],
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(`${service.url}/api/v1/${path}`, {
      method,
      headers: { authorization: `Bearer ${owner.token}`, ...headers },
    })
    outgoing.on('response', async (incoming) => {
      let text = ''
      for await (const chunk of incoming) text += chunk
      resolve({ status: incoming.statusCode!, text })
    })
    outgoing.on('error', reject)
    for (const chunk of chunks) outgoing.write(chunk)
    outgoing.end()
  })
}

describe('headers', () => {
  it('forbid sniffing, framing and foreign scripts everywhere, and name no software', async () => {
    for (const path of ['/', '/docs', '/healthz', '/media/ab/no', '/api/v1/auth/me/', '/none']) {
      const { headers } = await fetch(service.url + path)
      expect(headers.get('x-content-type-options'), path).toBe('nosniff')
      expect(headers.get('content-security-policy'), path).toContain("default-src 'none'")
      expect(headers.get('content-security-policy'), path).toContain("frame-ancestors 'none'")
      expect([headers.get('server'), headers.get('x-powered-by')], path).toEqual([null, null])
    }
  })

  it('keep what an account sees out of caches', async () => {
    for (const path of ['auth/me/', 'planner/keywords/', 'nothing/']) {
      const { headers } = await owner.get(path)
      expect(headers.get('cache-control'), path).toBe('no-store')
    }
  })

  it('repeat a request id only when it is harmless, and log the same', async () => {
    const ids = ['a-1_b=', 'a b', '<x>', '"}{', 'x'.repeat(101)]
    for (const id of ids) {
      const { headers } = await owner.call('GET', 'auth/me/', undefined, { 'x-request-id': id })
      const answered = headers.get('x-request-id')
      expect(answered === id, id).toBe(id === ids[0])
      expect(logged.at(-1)?.fields).toMatchObject({ request_id: answered })
    }
  })
})

describe('methods', () => {
  it('that a path does not answer to are a 405 that names those it does', async () => {
    for (const method of ['DELETE', 'PUT', 'OPTIONS', 'PROPFIND']) {
      const answer = await owner.call(method, 'planner/keywords/')
      expect([answer.status, answer.body.code], method).toEqual([405, 'method_not_allowed'])
      expect(answer.headers.get('allow')).toBe('GET, POST')
    }
    expect((await owner.call('DELETE', 'nothing/here/')).status).toBe(404)
  })

  it('HEAD answers as GET without a body, also for the stream of a run', async () => {
    for (const path of ['planner/keywords/', `system/settings/task_progress/${mine.run}/stream/`]) {
      const answer = await owner.call('HEAD', path)
      expect([answer.status, answer.body], path).toEqual([200, ''])
    }
  })
})

describe('bodies', () => {
  const json = { 'content-type': 'application/json' }
  const large = ['{"first_name":"', 'x'.repeat(3 * MEGABYTE), '"}']

  it('larger than the limit are a 413, announced or in chunks, one after the other', async () => {
    const announced = { ...json, 'content-length': String(large.join('').length) }
    for (const headers of [announced, json, announced, json]) {
      const answer = await send('PATCH', 'auth/me/', headers, large)
      expect([answer.status, JSON.parse(answer.text).code]).toEqual([413, 'body_too_large'])
    }
    const disguised = await send('PUT', 'planner/keywords/import_csv/', json, large)
    expect(disguised.status).toBe(413)
  })

  it('are taken at any size where a file is imported', async () => {
    const form = new FormData()
    form.set('site_id', String(mine.site))
    form.set('sector_id', String(mine.sector))
    const padding = `${' '.repeat(1000)}\n`.repeat(4000)
    form.set('file', new File([`keyword\nfrom a large file\n${padding}`], 'k.csv'))
    const answer = await owner.post('planner/keywords/import_csv/', form)
    expect([answer.status, answer.body.imported]).toEqual([200, 1])
  })

  it('of another type, or compressed, are refused and change nothing', async () => {
    const body = '{"first_name":"Mallory"}'
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/xml']) {
      const answer = await owner.call('PATCH', 'auth/me/', body, { 'content-type': type })
      expect([answer.status, answer.body.code], type).toEqual([415, 'unsupported_media_type'])
    }
    expect((await send('PATCH', 'auth/me/', {}, [body])).status).toBe(415)
    const packed = { ...json, 'content-encoding': 'gzip' }
    expect((await send('PATCH', 'auth/me/', packed, [gzipSync(body)])).status).toBe(400)
    const me = await owner.get<{ user: { first_name: string } }>('auth/me/')
    expect(me.body.user.first_name).toBe('')
  })

  it('with a fault in every field are answered with the first hundred', async () => {
    const unknown = Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`field_${n}`, 1]))
    const long = { ['x'.repeat(MEGABYTE)]: 1 }
    for (const body of [unknown, long, { config: unknown }]) {
      const answer = await owner.call('PUT', 'system/settings/integrations/openai/', body)
      expect(answer.status).toBe(400)
      expect(JSON.stringify(answer.body).length).toBeLessThan(50_000)
    }
  })

  it('that name an industry sector that there is not are a 400', async () => {
    const body = { site_id: mine.site, name: 'x', industry_sector_id: 999_999_999 }
    const { status, body: problem } = await owner.post('auth/sectors/', body)
    expect([status, problem.errors]).toMatchObject([400, [{ path: 'industry_sector_id' }]])
  })
})

describe('who is calling', () => {
  const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')

  it('cannot be told by an Authorization that is not exactly a live token', async () => {
    const [header, claims, signature] = owner.token.split('.')
    const others = encoded({ ...JSON.parse(atob(claims!)), account_id: stranger.accountId })
    const odd = ['', 'Bearer', 'Bearer ', `Basic ${owner.token}`, owner.token, 'Bearer a.b.c']
    odd.push(`Bearer ${encoded({ alg: 'none', typ: 'at+jwt' })}.${claims}.`)
    odd.push(`Bearer ${header}.${others}.${signature}`, `Bearer ${owner.refresh}`)
    odd.push(`Bearer,${owner.token}`, `Bearer ${owner.token}x`)
    for (const authorization of odd) {
      const answer = await request(service.url, 'GET', 'auth/me/', undefined, { authorization })
      expect(answer.status, authorization).toBe(401)
      expect(answer.headers.get('www-authenticate'), authorization).toContain('Bearer')
    }
  })

  it('does not matter where nobody need be: a stale token may come with its refresh', async () => {
    const { refresh } = await service.owner('Stale')
    const stale = { authorization: 'Bearer a.b.c' }
    const refreshed = await request(service.url, 'POST', 'auth/refresh/', { refresh }, stale)
    expect(refreshed.status).toBe(200)
    expect((await request(service.url, 'GET', 'openapi.json', undefined, stale)).status).toBe(200)
  })

  it('is nobody else by naming an account', async () => {
    const named = [`${stranger.accountId}`, '0', '-1', '1,2', 'x', '1e1', '9'.repeat(40), "1'"]
    for (const account of named) {
      const headers = { 'x-account-id': account }
      const answer = await owner.call('GET', 'planner/keywords/', undefined, headers)
      expect([401, 404], account).toContain(answer.status)
    }
  })

  it("does not follow another account's run", async () => {
    const answer = await owner.get(`system/settings/task_progress/${theirs.run}/stream/`)
    expect([answer.status, answer.body.code]).toEqual([404, 'not_found'])
  })
})

it('logs no password and no token, whatever was asked', async () => {
  const secret = 'hunter2-correct-horse'
  const key = 'sk-very-secret-1234'
  await request(service.url, 'POST', 'auth/login/', { email: owner.email, password: secret })
  await owner.post('auth/change_password/', { old_password: secret, new_password: PASSWORD })
  await owner.call('PUT', 'system/settings/integrations/openai/', { config: { api_key: key } })
  await owner.get(`auth/me/?password=${secret}`)
  expect(logged.length).toBeGreaterThan(30)
  const lines = JSON.stringify(logged)
  for (const word of [secret, key, PASSWORD, owner.token, owner.refresh, 'argon2id']) {
    expect(lines).not.toContain(word)
  }
  expect(logged.filter(({ level }) => level === 'error')).toEqual([])
})
