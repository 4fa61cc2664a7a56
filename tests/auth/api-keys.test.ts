import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newApiKey } from '../../server/identity/api-key-token.ts'
import { openRequest, statusWithin } from '../attacks/outside/slow-request.ts'
import { addUser, type Client, type Json, request } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { addKeywords, importCsv, newSector } from '../planner/sector.ts'

type Key = Json & { id: number; key: string; last_used_at: string | null }
type List<T = Json> = { count: number; results: T[] }

let service: TestService
let owner: Client
beforeAll(async () => {
  service = await startTestService({
    config: { rateLimits: { account: 1_000_000, address: 0 } },
  })
  owner = await service.owner()
})
afterAll(() => service.stop())

async function newKey(body: object = {}, by = owner): Promise<Key> {
  const made = await by.post<Key>('auth/api_keys/', { name: 'A program', access: 'write', ...body })
  if (made.status !== 201) throw new Error(JSON.stringify(made.body))
  return made.body
}

const by = (key: string, headers: Record<string, string> = {}) => {
  const call = <T = Json>(method: string, path: string, body?: unknown) =>
    request<T>(service.url, method, path, body, { authorization: `Bearer ${key}`, ...headers })
  return { call, get: <T = Json>(path: string) => call<T>('GET', path) }
}

describe('an API key', () => {
  it('is shown once and stored as a hash', async () => {
    const made = await newKey()
    expect(made.key).toMatch(new RegExp(`^igny8_${owner.accountId}_[\\w-]{43}[0-9a-f]{8}$`))
    const read = await owner.get(`auth/api_keys/${made.id}/`)
    expect(read.body).toMatchObject({ name: 'A program', last4: made.key.slice(-4) })
    expect(read.body).not.toHaveProperty('key')
    expect(read.body).not.toHaveProperty('key_hash')
    const rows = await service.sql`select string_agg(k::text, ' ') as text from api_keys k`
    expect(rows[0]!.text).not.toContain(made.key.slice(0, 50))
  })

  it('has the permissions of an editor, and none of an admin', async () => {
    const { key } = await newKey()
    const sector = await newSector(owner)
    const [id] = await addKeywords(owner, sector, ['coffee'])
    expect((await by(key).get<List>('auth/sites/')).body.count).toBeGreaterThan(0)
    const changed = await by(key).call('PATCH', `planner/keywords/${id}/`, { volume: 7 })
    expect([changed.status, changed.body.volume]).toEqual([200, 7])
    const { body } = await request<{ paths: Record<string, Record<string, Json>> }>(
      service.url,
      'GET',
      'openapi.json',
    )
    const above = Object.entries(body.paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([, described]) =>
          ['admin', 'owner', 'staff'].includes(String(described['x-role'])),
        )
        .map(([method]) => ({ method: method.toUpperCase(), path: path.replace('/api/v1/', '') })),
    )
    expect(above.length).toBeGreaterThan(30)
    for (const { method, path } of above) {
      const answer = await by(key).call(method, path.replaceAll(/\{\w+\}/g, '1'))
      expect([answer.status, answer.body.code], `${method} ${path}`).toEqual([
        403,
        'permission_denied',
      ])
    }
  })

  it('has neither a profile nor a password', async () => {
    const { key } = await newKey()
    for (const [method, path] of [
      ['GET', 'auth/me/'],
      ['PATCH', 'auth/me/'],
      ['POST', 'auth/change_password/'],
    ] as const) {
      const body = method === 'PATCH' ? { first_name: 'Bot' } : passwords(method)
      expect((await by(key).call(method, path, body)).status, path).toBe(403)
    }
  })

  it('cannot write or start runs with read access', async () => {
    const { key } = await newKey({ access: 'read' })
    const sector = await newSector(owner)
    const [id] = await addKeywords(owner, sector, ['tea'])
    expect((await by(key).get(`planner/keywords/${id}/`)).status).toBe(200)
    const writes = [
      await by(key).call('PATCH', `planner/keywords/${id}/`, { volume: 7 }),
      await by(key).call('DELETE', `planner/keywords/${id}/`),
      await by(key).call('POST', 'planner/keywords/', { ...sector, keyword: 'no' }),
      await by(key).call('POST', 'planner/keywords/auto_cluster/', { ids: [id], ...sector }),
    ]
    for (const { status, body } of writes) {
      expect([status, body.code]).toEqual([403, 'permission_denied'])
    }
    expect((await owner.get(`planner/keywords/${id}/`)).body.volume).not.toBe(7)
  })

  it('sees only its own sites', async () => {
    const [granted, hidden] = [await newSector(owner, 'Granted'), await newSector(owner, 'Hidden')]
    const { key } = await newKey({ site_ids: [granted.site_id] })
    const sites = await by(key).get<List<{ id: number }>>('auth/sites/')
    expect(sites.body.results.map(({ id }) => id)).toEqual([granted.site_id])
    expect((await by(key).get(`auth/sites/${hidden.site_id}/`)).status).toBe(404)
    const refused = await by(key).call('POST', 'planner/keywords/', { ...hidden, keyword: 'x' })
    expect([400, 404]).toContain(refused.status)
    const added = await by(key).call('POST', 'planner/keywords/', { ...granted, keyword: 'x' })
    expect(added.status).toBe(201)
    await owner.call('DELETE', `auth/sites/${granted.site_id}/`)
    expect((await by(key).get<List>('auth/sites/')).body.count).toBe(0)
    const stranger = await service.owner()
    const theirs = await newSector(stranger)
    const wrong = { name: 'x', access: 'read', site_ids: [theirs.site_id] }
    expect((await owner.post('auth/api_keys/', wrong)).status).toBe(400)
  })

  it('can follow the runs that it started, and is named in the audit log', async () => {
    const sector = await newSector(owner)
    const ids = await addKeywords(owner, sector, ['beans', 'roast'])
    const made = await newKey({ site_ids: [sector.site_id] })
    const program: Client = { ...owner, ...by(made.key) }
    const accepted = await program.call<{ task_id: number }>(
      'POST',
      'planner/keywords/auto_cluster/',
      { ids, ...sector },
    )
    expect(accepted.status).toBe(202)
    // As a run that spans sites has it: seen by who began it.
    await service.sql`update runs set site_id = null where id = ${accepted.body.task_id}`
    const progress = `system/settings/task_progress/${accepted.body.task_id}/`
    expect((await by(made.key).get(progress)).status).toBe(200)
    const other = await newKey({ site_ids: [sector.site_id] })
    expect((await by(other.key).get(progress)).status).toBe(404)
    const log = await owner.get<List>(`auth/audit_log/?api_key_id=${made.id}`)
    expect(log.body.results).toMatchObject([
      { action: 'run.cluster_keywords', user_id: null, api_key_id: made.id },
    ])
  })

  it('records its last use at most once a minute', async () => {
    const made = await newKey()
    expect(made.last_used_at).toBeNull()
    const read = async () => (await owner.get<Key>(`auth/api_keys/${made.id}/`)).body.last_used_at
    await by(made.key).get('auth/sites/')
    await expect.poll(read).not.toBeNull()
    const first = await read()
    await by(made.key).get('auth/sites/')
    expect(await read()).toBe(first)
  })
})

describe('an API key ends at once', () => {
  const works = async (key: string) => (await by(key).get('auth/sites/')).status === 200

  it('when it is revoked, and stays in the list', async () => {
    const made = await newKey()
    expect(await works(made.key)).toBe(true)
    expect((await owner.call('DELETE', `auth/api_keys/${made.id}/`)).status).toBe(204)
    const answer = await by(made.key).get('auth/sites/')
    expect([answer.status, answer.body.code]).toEqual([401, 'token_invalid'])
    expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"')
    const revoked = await owner.get<List<Key>>('auth/api_keys/?is_revoked=true')
    expect(revoked.body.results.map(({ id }) => id)).toContain(made.id)
    const standing = await owner.get<List<Key>>('auth/api_keys/?is_revoked=false')
    expect(standing.body.results.map(({ id }) => id)).not.toContain(made.id)
  })

  it('when it expires', async () => {
    const made = await newKey({ expires_at: new Date(Date.now() + 3_600_000).toISOString() })
    expect(await works(made.key)).toBe(true)
    await service.sql`update api_keys set expires_at = now() - interval '1 second'
      where id = ${made.id}`
    expect(await works(made.key)).toBe(false)
    const past = { name: 'x', access: 'read', expires_at: '2020-01-01T00:00:00Z' }
    expect((await owner.post('auth/api_keys/', past)).status).toBe(400)
  })

  it('when the admin who made it is deactivated, removed or put below admin', async () => {
    const acts = [
      (id: number) => owner.call('PATCH', `auth/users/${id}/`, { is_active: false }),
      (id: number) => owner.call('PATCH', `auth/users/${id}/`, { role: 'editor' }),
      (id: number) => owner.call('DELETE', `auth/users/${id}/`),
    ]
    for (const act of acts) {
      const admin = await addUser(owner, 'admin')
      const { key } = await newKey({}, admin)
      expect(await works(key)).toBe(true)
      await act(admin.userId)
      expect(await works(key)).toBe(false)
    }
  })
})

describe('an API key is refused', () => {
  it('with a typing error, of another account, or made up', async () => {
    const { key } = await newKey()
    const stranger = await service.owner()
    const last = key.at(-1) === '0' ? '1' : '0'
    const wrong = [
      key.slice(0, -1) + last,
      key.toUpperCase(),
      `${key}x`,
      key.replace(`igny8_${owner.accountId}_`, `igny8_${stranger.accountId}_`),
      'igny8_',
      `igny8_1_${'a'.repeat(43)}00000000`,
    ]
    for (const one of wrong) {
      const answer = await by(one).get('auth/sites/')
      expect([answer.status, answer.body.code], one).toEqual([401, 'token_invalid'])
    }
  })

  it('made up for an account, without counting against the limits of that account', async () => {
    // What stands in front of Workers waits for the whole of an upload.
    const node = await startTestService({ role: 'api', api: 'node' })
    const holder = await node.owner()
    const { key } = await newApiKey(holder.accountId)
    const route = await request(node.url, 'GET', 'auth/nothing/', undefined, {
      authorization: `Bearer ${key}`,
    })
    expect([route.status, route.headers.get('ratelimit-policy')]).toEqual([404, null])
    const uploads = Array.from({ length: 3 }, () => {
      const authorization = `Bearer ${key}`
      const path = '/api/v1/planner/keywords/import_csv/'
      const form = { 'content-type': 'multipart/form-data; boundary=X', 'content-length': '9000' }
      return openRequest(node.url, 'POST', path, { authorization, ...form })
    })
    try {
      for (const one of uploads) expect(await statusWithin(one, 30_000)).toBe(401)
      const sector = await newSector(holder)
      const answer = await importCsv(holder, sector, 'keyword\nbeans\n')
      expect([answer.status, answer.body.imported]).toEqual([200, 1])
    } finally {
      for (const one of uploads) one.abandon()
      await node.stop()
    }
  })

  it('with an X-Account-Id of another account', async () => {
    const { key } = await newKey()
    const stranger = await service.owner()
    const own = await by(key, { 'x-account-id': String(owner.accountId) }).get('auth/sites/')
    expect(own.status).toBe(200)
    const other = await by(key, { 'x-account-id': String(stranger.accountId) }).get('auth/sites/')
    expect(other.status).toBe(404)
  })
})

function passwords(method: string) {
  if (method === 'GET') return undefined
  return { old_password: 'whatever it was', new_password: 'whatever it is now' }
}
