import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addUser, type Client, type Json, request, signIn, staffMember } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'

const CHOSEN = 'a password that was chosen again'

let service: TestService
let owner: Client
const logged: string[] = []
beforeAll(async () => {
  const log = (fields: object) => logged.push(JSON.stringify(fields))
  const logger = { info: log, warn: log, error: log }
  service = await startTestService({ role: 'api', logger })
  owner = await service.owner()
})
afterAll(() => service.stop())

type Link = { token: string; url: string; expires_at: string }
const linkFor = (user: Client, by = owner, headers = {}) =>
  by.call<Link>('POST', `auth/users/${user.userId}/password_link/`, undefined, headers)
const reset = (token: string, password = CHOSEN) =>
  request<Json & { access: string; user: { id: number } }>(
    service.url,
    'POST',
    'auth/reset_password/',
    { token, password },
  )

describe('a link to choose a new password', () => {
  it('works once, signs its user in and ends all other sign-ins', async () => {
    const user = await addUser(owner, 'editor')
    const { status, body } = await linkFor(user)
    expect([status, body.url]).toEqual([201, `${service.url}/password#${body.token}`])
    const hours = (Date.parse(body.expires_at) - Date.now()) / 3_600_000
    expect(hours).toBeCloseTo(24, 1)
    expect((await reset(body.token, 'short')).status).toBe(400)
    const answers = await Promise.all([1, 2, 3, 4].map(() => reset(body.token)))
    expect(answers.map((one) => one.status).sort()).toEqual([200, 404, 404, 404])
    expect(answers.find((one) => one.status === 200)!.body.user.id).toBe(user.userId)
    expect((await signIn(service.url, user.email, CHOSEN)).userId).toBe(user.userId)
    const refreshed = await request(service.url, 'POST', 'auth/refresh/', { refresh: user.refresh })
    expect(refreshed.status).toBe(401)
    const { body: log } = await owner.get<{ results: Json[] }>(
      `auth/audit_log/?object_type=user&object_id=${user.userId}&page_size=2`,
    )
    expect(log.results.map(({ action, user_id }) => [action, user_id])).toEqual([
      ['user.password_reset', user.userId],
      ['user.password_link_made', owner.userId],
    ])
    expect(logged.join()).not.toContain(body.token)
  })

  it('can be created by admins, only for roles up to their own and in their account', async () => {
    const admin = await addUser(owner, 'admin')
    const editor = await addUser(owner, 'editor')
    expect((await linkFor(owner, admin)).status).toBe(403)
    expect((await linkFor(admin, editor)).status).toBe(403)
    expect((await linkFor(editor, admin)).status).toBe(201)
    expect((await linkFor(await service.owner())).status).toBe(404)
    const staff = await staffMember(service)
    const named = { 'x-account-id': String(owner.accountId) }
    const byStaff = await linkFor(owner, staff, named)
    expect((await reset(byStaff.body.token)).status).toBe(200)
    owner = await signIn(service.url, owner.email, CHOSEN)
  })

  it.each([
    ['its user got another role', { role: 'admin' }, 'user'],
    ['its user was deactivated', { is_active: false }, 'user'],
    ['its maker got a lower role', { role: 'viewer' }, 'maker'],
    ['its maker was deactivated', { is_active: false }, 'maker'],
  ] as const)('ends when %s', async (_what, change, whose) => {
    const maker = await addUser(owner, 'admin')
    const user = await addUser(owner, 'editor')
    const { body } = await linkFor(user, maker)
    const { userId } = whose === 'user' ? user : maker
    await owner.call('PATCH', `auth/users/${userId}/`, change)
    expect(await reset(body.token)).toMatchObject({ status: 404, body: { code: 'not_found' } })
  })

  it('ends when its user chose a password in another way', async () => {
    const user = await addUser(owner, 'viewer')
    const { body } = await linkFor(user)
    await user.post('auth/change_password/', {
      old_password: 'correct horse battery',
      new_password: 'a password of their own',
    })
    expect((await reset(body.token)).status).toBe(404)
  })

  it('cannot be exchanged for any other kind of token', async () => {
    const user = await addUser(owner, 'viewer')
    const { body } = await linkFor(user)
    const [header, payload, signature] = body.token.split('.') as [string, string, string]
    const unsigned = Buffer.from('{"alg":"none","typ":"password+jwt"}').toString('base64url')
    const unknown = Buffer.from('{"alg":"HS256","typ":"password+jwt","kid":"x"}').toString(
      'base64url',
    )
    const tokens = [
      ...['nonsense', user.token, user.refresh, `${unsigned}.${payload}.`],
      ...[`${unknown}.${payload}.${signature}`, `${header}.${payload}.AAAA`],
    ]
    for (const token of tokens) expect((await reset(token)).status, token).toBe(404)
    const me = await request(service.url, 'GET', 'auth/me/', undefined, {
      authorization: `Bearer ${body.token}`,
    })
    expect(me.status).toBe(401)
  })
})
