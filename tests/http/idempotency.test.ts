import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Tx } from '../../db/database.ts'
import { sites } from '../../db/schema/sites.ts'
import { purgeTables } from '../../jobs/scheduled/purge-expired.ts'
import { type Client, PASSWORD, request, signIn } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { until } from '../helpers/until.ts'
import { newSector, type Sector } from '../planner/sector.ts'

let service: TestService
let owner: Client
let sector: Sector
beforeAll(async () => {
  service = await startTestService({ role: 'api' })
  owner = await service.owner()
  sector = await newSector(owner)
})
afterAll(() => service.stop())

const post = (path: string, body: unknown, key: string, client = owner) =>
  client.call<Record<string, unknown>>('POST', path, body, { 'idempotency-key': key })

const keywords = async () => {
  const { body } = await owner.get<{ count: number }>('planner/keywords/')
  return body.count
}

describe('a POST with an Idempotency-Key', () => {
  it('is carried out once and gets the same response each time', async () => {
    const body = { ...sector, keyword: 'once' }
    const first = await post('planner/keywords/', body, 'key-1')
    const again = await post('planner/keywords/', body, 'key-1')
    expect([first.status, again.status]).toEqual([201, 201])
    expect(again.body).toEqual(first.body)
    for (const name of ['etag', 'content-type']) {
      expect(again.headers.get(name)).toBe(first.headers.get(name))
    }
    expect(first.headers.get('idempotent-replayed')).toBeNull()
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    expect(again.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'))
  })

  it('is refused with another body or path', async () => {
    await post('planner/keywords/', { ...sector, keyword: 'first of two' }, 'key-2')
    const before = await keywords()
    const body = { ...sector, keyword: 'second of two' }
    for (const path of ['planner/keywords/', 'planner/keywords/?x=1']) {
      const other = await post(path, body, 'key-2')
      expect([other.status, other.body.code]).toEqual([422, 'idempotency_key_reused'])
    }
    expect(await keywords()).toBe(before)
  })

  it('is carried out once for a hundred concurrent requests', async () => {
    const before = await keywords()
    const keyword = { ...sector, keyword: 'of a hundred' }
    // A slow machine has no connection for all of them within the limit.
    const notBusy = async () => {
      const answer = await post('planner/keywords/', keyword, 'key-3')
      return answer.status !== 503 && answer
    }
    const served = () => until(notBusy, { what: 'an answer other than 503' })
    const answers = await Promise.all(Array.from({ length: 100 }, served))
    expect(await keywords()).toBe(before + 1)
    const made = answers.filter(({ status }) => status === 201)
    const refused = answers.filter(({ status }) => status === 409)
    expect(made.length + refused.length).toBe(100)
    expect(new Set(made.map(({ body }) => body.id)).size).toBe(1)
    expect(made.filter(({ headers }) => !headers.has('idempotent-replayed'))).toHaveLength(1)
    expect(new Set(refused.map(({ body }) => body.code))).toEqual(
      refused.length > 0 ? new Set(['idempotency_in_progress']) : new Set(),
    )
  })

  it('is carried out again with the same key after a refusal', async () => {
    const keyword = { ...sector, keyword: 'in the way' }
    const { body: blocker } = await owner.post<{ id: number }>('planner/keywords/', keyword)
    expect((await post('planner/keywords/', keyword, 'key-4')).status).toBe(409)
    await owner.call('DELETE', `planner/keywords/${blocker.id}/`)
    const made = await post('planner/keywords/', keyword, 'key-4')
    expect(made.status).toBe(201)
    expect((await post('planner/keywords/', keyword, 'key-4')).body).toEqual(made.body)
  })

  it('is independent of the same key of another user or account', async () => {
    const stranger = await service.owner('Stranger')
    const place = await newSector(stranger)
    expect((await post('auth/sites/', { name: 'Mine' }, 'key-5')).status).toBe(201)
    const other = await post('planner/keywords/', { ...place, keyword: 'x' }, 'key-5', stranger)
    expect(other.status).toBe(201)
  })

  it('refuses an invalid key', async () => {
    for (const key of ['x'.repeat(256), 'a b', 'caf\u00e9']) {
      const answer = await post('planner/keywords/', { ...sector, keyword: 'no key' }, key)
      expect([answer.status, answer.body.code]).toEqual([400, 'validation_failed'])
    }
  })

  it('imports a file once, whatever boundary the form has', async () => {
    const form = (text: string) => {
      const sent = new FormData()
      for (const [name, id] of Object.entries(sector)) sent.set(name, String(id))
      sent.set('file', new File([text], 'k.csv'))
      return sent
    }
    const lines = Array.from({ length: 30_000 }, (_, n) => `imported ${n}`)
    const text = ['keyword', ...lines].join('\n')
    const first = await post('planner/keywords/import_csv/', form(text), 'key-6')
    expect(first.body).toMatchObject({ imported: 30_000, updated: 0 })
    const again = await post('planner/keywords/import_csv/', form(text), 'key-6')
    expect([again.status, again.body]).toEqual([200, first.body])
    const other = await post('planner/keywords/import_csv/', form(`${text}\nmore`), 'key-6')
    expect([other.status, other.body.code]).toEqual([422, 'idempotency_key_reused'])
    expect((await owner.get<{ count: number }>('planner/keywords/?search=more')).body.count).toBe(0)
  })
})

describe('a secret that was answered', () => {
  it('is not stored: the replay of a password change is a 409', async () => {
    const client = await service.owner('Secretive')
    const body = { old_password: PASSWORD, new_password: `${PASSWORD} 2` }
    const first = await post('auth/change_password/', body, 'key-7', client)
    expect(first.status).toBe(200)
    const withOldToken = await post('auth/change_password/', body, 'key-7', client)
    expect([withOldToken.status, withOldToken.body.code]).toEqual([401, 'token_invalid'])
    const signedIn = await signIn(service.url, client.email, body.new_password)
    const again = await post('auth/change_password/', body, 'key-7', signedIn)
    expect([again.status, again.body.code]).toEqual([409, 'already_done'])
  })

  it('is not stored without authentication, and no refresh token is used twice', async () => {
    const send = (path: string, body: object, key: string) =>
      request(service.url, 'POST', path, body, { 'idempotency-key': key })
    const account = { email: 'once@example.test', password: PASSWORD, account_name: 'Once' }
    const opened = await send('auth/register/', account, 'key-8')
    expect(opened.status).toBe(201)
    const again = await send('auth/register/', account, 'key-8')
    expect([again.status, again.body.code]).toEqual([409, 'already_done'])
    const other = await send('auth/register/', { ...account, account_name: 'Two' }, 'key-8')
    expect([other.status, other.body.code]).toEqual([422, 'idempotency_key_reused'])

    const { refresh } = opened.body
    const fresh = await send('auth/refresh/', { refresh }, 'key-9')
    expect(fresh.status).toBe(200)
    const lost = await send('auth/refresh/', { refresh }, 'key-9')
    expect([lost.status, lost.body.code]).toEqual([409, 'already_done'])
    // Without the key the old token counts as stolen; with it the family lived on until here.
    expect((await send('auth/refresh/', { refresh: fresh.body.refresh }, 'key-10')).status).toBe(
      200,
    )
  })

  it('does not change how wrong passwords and stolen tokens are handled', async () => {
    const client = await service.owner('Guessed')
    const wrong = { email: client.email, password: 'not this one' }
    const send = (path: string, body: object, key: string) =>
      request(service.url, 'POST', path, body, { 'idempotency-key': key })
    for (let n = 0; n < 10; n++) {
      expect((await send('auth/login/', wrong, `guess-${n}`)).status).toBe(401)
    }
    expect((await send('auth/login/', wrong, 'guess-11')).status).toBe(429)
    const fresh = await send('auth/refresh/', { refresh: client.refresh }, 'theft-1')
    expect((await send('auth/refresh/', { refresh: client.refresh }, 'theft-2')).status).toBe(401)
    const next = await send('auth/refresh/', { refresh: fresh.body.refresh }, 'theft-3')
    expect(next.status).toBe(401)
  })

  it('is marked in openapi.json, where every POST has the key', async () => {
    type Schema = { $ref?: string; properties?: Record<string, Schema> }
    type Described = {
      'x-shows-secret'?: boolean
      parameters?: { name: string }[]
      responses: Record<string, { content?: { 'application/json'?: { schema: Schema } } }>
    }
    const { body } = await request<{
      paths: Record<string, { post?: Described }>
      components: { schemas: Record<string, Schema> }
    }>(service.url, 'GET', 'openapi.json')
    const fields = ({ $ref, properties = {} }: Schema): string[] =>
      $ref ? fields(body.components.schemas[$ref.split('/').at(-1)!]!) : Object.keys(properties)
    const secret = /^(access|refresh|token|secret|key|password|authorize_url|link)$/
    const wrong: string[] = []
    let marked = 0
    for (const [path, { post }] of Object.entries(body.paths)) {
      if (!post) continue
      if (!post.parameters?.some(({ name }) => name === 'Idempotency-Key')) wrong.push(path)
      const answers = Object.entries(post.responses).filter(([status]) => status.startsWith('2'))
      const shown = answers
        .flatMap(([, { content }]) => fields(content?.['application/json']?.schema ?? {}))
        .filter((name) => secret.test(name))
      if (shown.length > 0 && !post['x-shows-secret']) wrong.push(`${path} shows ${shown}`)
      if (post['x-shows-secret']) marked++
    }
    expect(wrong).toEqual([])
    expect(marked).toBeGreaterThan(5)
  })

  it('is stored in no table', async () => {
    const rows = await service.sql`select body from idempotency_keys where body is not null`
    expect(rows.length).toBeGreaterThan(3)
    for (const { body } of rows) expect(body).not.toMatch(/"(access|refresh|key|token)"/)
  })
})

it('deletes a key after a day, and not before', async () => {
  await post('planner/keywords/', { ...sector, keyword: 'aged' }, 'aged')
  await post('planner/keywords/', { ...sector, keyword: 'old' }, 'old')
  const { sql } = service
  await sql`update idempotency_keys set created_at = now() - interval '24 hours' where key = 'aged'`
  await sql`update idempotency_keys set created_at = now() - interval '26 hours' where key = 'old'`
  await purgeTables({ database: service.database, logger: { info() {}, warn() {}, error() {} } })
  const left = await sql`select key from idempotency_keys where key in ('aged', 'old')`
  expect(left.map(({ key }) => key)).toEqual(['aged'])
})

it('commits a run that a POST waits for, and stores the response', async () => {
  const { database } = service
  const seen: unknown[] = []
  const hooks = {
    onBegin: async () => {},
    beforeEarlyCommit: async (answer: unknown) => {
      seen.push(answer)
    },
  }
  const scope = { accountId: owner.accountId }
  await database.inRequestTransaction(hooks, async (transaction) => {
    await database.withAccount(scope, (tx) =>
      tx.execute(`update sites set name = 'Committed early' where account_id = ${owner.accountId}`),
    )
    await database.commitEarly({ task_id: 7 })
    expect(transaction.ended).toBe(true)
    const [site] = await service.sql`select name from sites where name = 'Committed early'`
    expect(site).toBeDefined()
  })
  expect(seen).toEqual([{ task_id: 7 }])
})

it('keeps the scope of each nested savepoint, and rolls back only the one that fails', async () => {
  const { database } = service
  const nothing = { onBegin: async () => {}, beforeEarlyCommit: async () => {} }
  const stranger = await service.owner('Nested')
  await stranger.post('auth/sites/', { name: 'Theirs' })
  const names = async (tx: Tx) =>
    (await tx.select({ name: sites.name }).from(sites)).map(({ name }) => name)
  const mine = { accountId: owner.accountId }
  const theirs = { accountId: stranger.accountId }
  await database.inRequestTransaction(nothing, async (transaction) => {
    const [seen, other] = await Promise.all([
      database.withAccount(mine, async (tx) => {
        await tx.update(sites).set({ name: 'Kept' })
        await database
          .withPlatform('keep_keys', async (all) => {
            await all.update(sites).set({ name: 'Undone' })
            throw new Error('fails')
          })
          .catch(() => {})
        await database.withPlatform('keep_keys', async (all) =>
          expect(await names(all)).toContain('Theirs'),
        )
        return names(tx)
      }),
      database.withAccount(theirs, names),
    ])
    expect(new Set(seen)).toEqual(new Set(['Kept']))
    expect(other).toEqual(['Theirs'])
    await transaction.commit()
  })
})
