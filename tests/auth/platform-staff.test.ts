import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addUser, type Client, type Json, signIn, staffMember } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { newSector } from '../planner/sector.ts'

type Industry = Json & {
  id: number
  slug: string
  sectors: { id: number; slug: string; is_active: boolean }[]
}
type List<T = Json> = { count: number; results: T[] }

let service: TestService
let developer: Client
let systemAdmin: Client
let systemEditor: Client
let customer: Client
let site: number
beforeAll(async () => {
  service = await startTestService({ role: 'api' })
  developer = await staffMember(service)
  const system = await service.owner('System')
  await service.sql`update accounts set slug = 'aws-admin' where id = ${system.accountId}`
  systemAdmin = await addUser(system, 'admin')
  systemEditor = await addUser(system, 'editor')
  customer = await service.owner('Customer')
  site = (await newSector(customer)).site_id
})
afterAll(() => service.stop())

const named = () => ({ 'x-account-id': String(customer.accountId) })
const log = async (client: Client, query = '') =>
  (await client.get<List>(`auth/audit_log/?${query}`)).body.results

describe('platform staff', () => {
  it('can act in the account that they name, as a developer or a user of the system account', async () => {
    for (const staff of [developer, systemAdmin, systemEditor]) {
      expect((await staff.get(`auth/sites/${site}/`)).status).toBe(404)
      const seen = await staff.call('GET', `auth/sites/${site}/`, undefined, named())
      expect(seen.status).toBe(200)
    }
  })

  it('are recorded in the audit log with each request, whether it succeeds or not', async () => {
    const header = named()
    await developer.call('DELETE', 'auth/sites/999999/', undefined, header)
    await developer.call('PATCH', `auth/sites/${site}/`, { name: 'By staff' }, header)
    const entries = await log(customer, `user_id=${developer.userId}`)
    expect(entries.slice(0, 3).map(({ action, detail }) => [action, detail])).toEqual([
      ['site.updated', { fields: ['name'] }],
      ['platform.request', { method: 'PATCH', path: `/api/v1/auth/sites/${site}/` }],
      ['platform.request', { method: 'DELETE', path: '/api/v1/auth/sites/999999/' }],
    ])
  })

  it('can find an account by its name, slug or owner', async () => {
    for (const search of ['Customer', customer.email]) {
      const path = `auth/all_accounts/?search=${search}&status=active&ordering=name`
      const { status, body } = await systemEditor.get<List>(path)
      expect(status).toBe(200)
      expect(body.results).toMatchObject([{ id: customer.accountId, owner_email: customer.email }])
    }
    const seen: unknown[] = []
    for (let next: string | null = 'auth/all_accounts/?page_size=2&cursor='; next; ) {
      const { body }: { body: List & { next: string | null } } = await developer.get(next)
      seen.push(...body.results.map(({ id }) => id))
      next = body.next?.replace('/api/v1/', '') ?? null
    }
    const all = await service.sql`select id from accounts order by created_at desc, id desc`
    expect(seen).toEqual(all.map(({ id }) => Number(id)))
    expect((await log(developer))[0]!.action).toBe('platform.accounts_listed')
    expect((await customer.get('auth/all_accounts/')).status).toBe(403)
  })

  it('keep their identity in any account', async () => {
    const seen = await developer.call('GET', 'auth/me/', undefined, named())
    expect(seen.body).toMatchObject({ user: { email: developer.email } })
    const renamed = await developer.call('PATCH', 'auth/me/', { first_name: 'Dev' }, named())
    expect(renamed).toMatchObject({ status: 200, body: { id: developer.userId } })
  })

  it('keep their role: an editor of the system account cannot manage accounts', async () => {
    const header = named()
    const refused = await systemEditor.call('PATCH', `auth/sites/${site}/`, { name: 'x' }, header)
    expect([refused.status, refused.body.code]).toEqual([403, 'permission_denied'])
    const admin = await systemAdmin.call('PATCH', `auth/sites/${site}/`, { name: 'x' }, header)
    expect(admin.status).toBe(200)
  })

  it('write only into the named account, not into their own', async () => {
    const made = await developer.call<{ id: number }>(
      'POST',
      'auth/sites/',
      { name: 'New' },
      named(),
    )
    expect((await customer.get(`auth/sites/${made.body.id}/`)).status).toBe(200)
    expect((await developer.get(`auth/sites/${made.body.id}/`)).status).toBe(404)
  })

  it('are refused once they are dismissed', async () => {
    const gone = await staffMember(service)
    await service.sql`update users set role = 'owner' where id = ${gone.userId}`
    expect((await gone.call('GET', 'auth/sites/', undefined, named())).status).toBe(401)
    const again = await signIn(service.url, gone.email)
    expect((await again.call('GET', 'auth/sites/', undefined, named())).status).toBe(404)
    expect((await again.post('auth/industries/', { name: 'Not mine' })).status).toBe(403)
  })

  it('lose their access when their account is no longer the system account', async () => {
    const other = await service.owner('Default')
    await service.sql`update accounts set slug = 'default' where id = ${other.accountId}`
    const staff = await signIn(service.url, other.email)
    await service.sql`update accounts set slug = 'not-default' where id = ${other.accountId}`
    const answer = await staff.post('auth/industries/', { name: 'Too late' })
    expect([answer.status, answer.body.code]).toEqual([401, 'token_invalid'])
  })
})

describe('nobody else', () => {
  it('can enter another account or learn anything about it, whatever the role', async () => {
    const owner = await service.owner()
    const clients = [owner, await addUser(owner, 'admin'), await addUser(owner, 'viewer')]
    for (const client of clients) {
      const there = await client.call('GET', 'auth/sites/', undefined, named())
      const absent = await client.call('GET', 'auth/sites/', undefined, {
        'x-account-id': '999999999',
      })
      expect([there.status, there.body.code]).toEqual([404, 'not_found'])
      expect({ ...there.body, request_id: '' }).toEqual({ ...absent.body, request_id: '' })
    }
    expect(await log(customer, `user_id=${owner.userId}`)).toEqual([])
  })
})

describe('industries', () => {
  const write = (method: string, id: number, body?: object) =>
    developer.call<Industry>(method, `auth/industries/${id}/`, body)

  it('can be changed by platform staff, with their sectors, and read by everybody', async () => {
    const body = { name: 'Space Travel', sectors: [{ name: 'Moon' }, { name: 'Mars' }] }
    expect((await customer.post('auth/industries/', body)).status).toBe(403)
    const made = await developer.post<Industry>('auth/industries/', body)
    expect([made.status, made.body.slug]).toEqual([201, 'space-travel'])
    expect((await developer.post('auth/industries/', body)).status).toBe(409)
    const seen = await customer.get<Industry>(`auth/industries/${made.body.id}/`)
    expect(seen.body.sectors.map(({ slug }) => slug)).toEqual(['mars', 'moon'])
    expect(seen.body.sectors[0]).toMatchObject({ created_at: made.body.created_at })
    const changed = await write('PATCH', made.body.id, {
      sectors: [{ name: 'Moon' }, { name: 'Venus' }],
    })
    expect(changed.body.sectors.map(({ slug, is_active }) => `${slug} ${is_active}`)).toEqual([
      'mars false',
      'moon true',
      'venus true',
    ])
    const twice = await write('PATCH', made.body.id, {
      sectors: [{ name: 'A b' }, { name: 'a-B' }],
    })
    expect(twice.status).toBe(400)
  })

  it('can only be deactivated while they are in use', async () => {
    const { body: made } = await developer.post<Industry>('auth/industries/', { name: 'Used' })
    await customer.call('PATCH', `auth/sites/${site}/`, { industry_id: made.id })
    const refused = await write('DELETE', made.id)
    expect([refused.status, (refused.body as Json).code]).toEqual([409, 'wrong_state'])
    expect((await write('PATCH', made.id, { is_active: false })).status).toBe(200)
    const names = async (query: string) =>
      (await customer.get<List>(`auth/industries/?search=Used&${query}`)).body.count
    expect([await names(''), await names('is_active=false')]).toEqual([0, 1])
    await customer.call('PATCH', `auth/sites/${site}/`, { industry_id: null })
    expect((await write('DELETE', made.id)).status).toBe(204)
    const entries = await log(developer, `object_type=industry&object_id=${made.id}`)
    expect(entries.map(({ action }) => action)).toEqual([
      'industry.deleted',
      'industry.updated',
      'industry.created',
    ])
  })
})

describe('the audit log', () => {
  it('can be filtered by admins by actor, action, object and time', async () => {
    const owner = await service.owner()
    const admin = await addUser(owner, 'admin')
    const made = await admin.post<{ id: number }>('auth/sites/', { name: 'First' })
    await owner.post('auth/sites/', { name: 'Second' })
    const [second, first] = (await log(owner, 'action=site.created')) as {
      created_at: string
      user_id: number
    }[]
    expect([first!.user_id, second!.user_id]).toEqual([admin.userId, owner.userId])
    const times = [
      `created_after=${second!.created_at}`,
      `created_before=${second!.created_at}`,
      `user_id=${admin.userId}`,
      `object_type=site&object_id=${made.body.id}`,
    ]
    const found = times.map(async (query) =>
      (await log(owner, `${query}&action=site.created`)).map(({ user_id }) => user_id),
    )
    expect(await Promise.all(found)).toEqual([
      [owner.userId],
      [admin.userId],
      [admin.userId],
      [admin.userId],
    ])
    const editor = await addUser(owner, 'editor')
    expect((await editor.get('auth/audit_log/')).status).toBe(403)
    expect((await owner.get('auth/audit_log/?created_after=yesterday')).status).toBe(400)
    expect((await owner.get('auth/audit_log/?search=x')).status).toBe(400)
  })

  it('cannot be changed or deleted', async () => {
    for (const role of ['igny8_app', 'igny8_platform']) {
      for (const statement of ['update audit_log set action = 0', 'delete from audit_log']) {
        const tried = service.sql.begin(async (tx) => {
          await tx.unsafe(`set local role ${role}`)
          await tx.unsafe(statement)
        })
        await expect(tried).rejects.toMatchObject({ code: '42501' })
      }
    }
  })
})
