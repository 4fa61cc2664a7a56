import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addUser, type Client, type Json, PASSWORD, request, signIn } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'

type Invitation = Json & { id: number; token: string; url: string; state: string }
type List = { count: number; results: Invitation[] }

let service: TestService
let owner: Client
let invited = 0
beforeAll(async () => {
  service = await startTestService({ role: 'api' })
  owner = await service.owner()
})
afterAll(() => service.stop())

const address = () => `invited-${++invited}@example.test`
const invite = (body: object = {}, by = owner) =>
  by.post<Invitation>('auth/invitations/', { email: address(), role: 'editor', ...body })
const accept = (token: string, more: object = {}) =>
  request<Json & { user: Json; access: string }>(service.url, 'POST', 'auth/invitations/accept/', {
    token,
    password: PASSWORD,
    ...more,
  })
const stateOf = async (id: number) =>
  (await owner.get<Invitation>(`auth/invitations/${id}/`)).body.state

describe('an invitation', () => {
  it('creates and signs in a user with its role and sites, once', async () => {
    const site = (await owner.post<{ id: number }>('auth/sites/', { name: 'Granted' })).body.id
    const email = address().toUpperCase()
    const { body } = await invite({ email, site_ids: [site] })
    expect(body.url).toBe(`${service.url}/invitation#${body.token}`)
    const joined = await accept(body.token, { first_name: 'Ann' })
    expect(joined.status).toBe(201)
    expect(joined.body.user).toMatchObject({
      email: email.toLowerCase(),
      role: 'editor',
      first_name: 'Ann',
      account_id: owner.accountId,
    })
    const editor = await signIn(service.url, email)
    const sites = await editor.get<{ results: { id: number }[] }>('auth/sites/')
    expect(sites.body.results.map(({ id }) => id)).toEqual([site])
    expect((await accept(body.token)).status).toBe(404)
    expect(await stateOf(body.id)).toBe('accepted')
  })

  it('shows its token once and stores a hash of it', async () => {
    const { body } = await invite()
    const read = await owner.get(`auth/invitations/${body.id}/`)
    expect(JSON.stringify(read.body)).not.toContain(body.token)
    expect(read.body).not.toHaveProperty('token_hash')
    const rows = await service.sql`select string_agg(i::text, ' ') as text from invitations i`
    expect(rows[0]!.text).not.toContain(body.token)
  })

  it('is accepted by only one of ten concurrent requests', async () => {
    const { body } = await invite()
    const answers = await Promise.all(Array.from({ length: 10 }, () => accept(body.token)))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 404)).toHaveLength(9)
  })

  it('ends when it expires, is revoked, or is replaced by another of the same address', async () => {
    const expired = (await invite()).body
    await service.sql`update invitations set expires_at = now() where id = ${expired.id}`
    const revoked = (await invite()).body
    expect((await owner.call('DELETE', `auth/invitations/${revoked.id}/`)).status).toBe(204)
    const email = address()
    const replaced = (await invite({ email })).body
    const standing = (await invite({ email })).body
    for (const { token } of [expired, revoked, replaced]) {
      expect((await accept(token)).status).toBe(404)
    }
    expect(await Promise.all([expired, revoked, replaced].map(({ id }) => stateOf(id)))).toEqual([
      'expired',
      'revoked',
      'revoked',
    ])
    expect((await accept(standing.token)).status).toBe(201)
  })

  it('stays unique when ten are created for one address at the same time', async () => {
    const email = address()
    const made = await Promise.all(Array.from({ length: 10 }, () => invite({ email })))
    expect(made.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 201))
    const open = await owner.get<List>(`auth/invitations/?state=open&search=${email}`)
    expect(open.body.count).toBe(1)
  })

  it('ends with the admin who created it', async () => {
    const admin = await addUser(owner, 'admin')
    const { body } = await invite({}, admin)
    await owner.call('PATCH', `auth/users/${admin.userId}/`, { is_active: false })
    expect((await accept(body.token)).status).toBe(404)
  })

  it('is refused for the address of an existing user', async () => {
    const editor = await addUser(owner, 'editor')
    const again = await invite({ email: editor.email })
    expect([again.status, again.body.code]).toEqual([409, 'already_exists'])
    const stranger = await service.owner()
    const { body } = await invite({ email: stranger.email })
    expect((await accept(body.token)).status).toBe(409)
    expect(await stateOf(body.id)).toBe('open')
  })

  it('cannot give a role above that of its creator', async () => {
    const admin = await addUser(owner, 'admin')
    expect((await invite({ role: 'owner' }, admin)).status).toBe(403)
    expect((await invite({ role: 'owner' })).status).toBe(201)
    expect((await invite({ role: 'developer' })).status).toBe(400)
    expect((await invite({}, await addUser(owner, 'editor'))).status).toBe(403)
  })

  it('cannot give a role that its creator has lost since', async () => {
    const second = await addUser(owner, 'owner')
    const [asOwner, asAdmin] = await Promise.all([
      invite({ role: 'owner' }, second),
      invite({ role: 'admin' }, second),
    ])
    await owner.call('PATCH', `auth/users/${second.userId}/`, { role: 'admin' })
    expect((await accept(asOwner.body.token)).status).toBe(404)
    expect((await accept(asAdmin.body.token)).status).toBe(201)
  })

  it('grants only sites of its account that still exist', async () => {
    const stranger = await service.owner()
    const theirs = (await stranger.post<{ id: number }>('auth/sites/', { name: 'x' })).body.id
    expect((await invite({ site_ids: [theirs] })).status).toBe(400)
    const gone = (await owner.post<{ id: number }>('auth/sites/', { name: 'Gone' })).body.id
    const { body } = await invite({ site_ids: [gone] })
    await owner.call('DELETE', `auth/sites/${gone}/`)
    expect((await accept(body.token)).status).toBe(201)
  })

  it('cannot be accepted while the account is suspended', async () => {
    const other = await service.owner()
    const { body } = await invite({}, other)
    await service.sql`update accounts set status = 'suspended' where id = ${other.accountId}`
    expect((await accept(body.token)).body.code).toBe('account_suspended')
    await service.sql`update accounts set status = 'active' where id = ${other.accountId}`
    expect((await accept(body.token)).status).toBe(201)
  })

  it('cannot be revoked after it was accepted', async () => {
    const { body } = await invite()
    await accept(body.token)
    expect((await owner.call('DELETE', `auth/invitations/${body.id}/`)).status).toBe(409)
  })
})
