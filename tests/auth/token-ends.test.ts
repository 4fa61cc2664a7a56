import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addUser, type Client, PASSWORD, request, signIn } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'

let service: TestService
let owner: Client
beforeAll(async () => {
  service = await startTestService({ role: 'api' })
  owner = await service.owner()
})
afterAll(() => service.stop())

const OTHER = 'another battery entirely'
const post = (path: string, body: unknown) => request(service.url, 'POST', path, body)
const patch = (user: Client, change: object) =>
  owner.call('PATCH', `auth/users/${user.userId}/`, change)

/** Each ends what was signed in before, and answers the password that is good then. */
const ENDS: Record<string, (user: Client) => Promise<string>> = {
  'a changed password': async (user) => {
    const change = { old_password: PASSWORD, new_password: OTHER }
    expect((await user.post('auth/change_password/', change)).status).toBe(200)
    return OTHER
  },
  'a password that is reset by a link': async (user) => {
    const path = `auth/users/${user.userId}/password_link/`
    const { token } = (await owner.post<{ token: string }>(path)).body
    expect((await post('auth/reset_password/', { token, password: OTHER })).status).toBe(200)
    return OTHER
  },
  'access that ends and is given again': async (user) => {
    await patch(user, { is_active: false })
    await patch(user, { is_active: true })
    return PASSWORD
  },
  'another role, and the first again': async (user) => {
    await patch(user, { role: 'viewer' })
    await patch(user, { role: 'editor' })
    return PASSWORD
  },
}

describe.each(Object.entries(ENDS))('%s', (_name, end) => {
  it('ends every earlier token and no later one', async () => {
    const user = await addUser(owner, 'editor')
    const elsewhere = await signIn(service.url, user.email)
    const password = await end(user)
    for (const before of [user, elsewhere]) {
      expect((await before.get('auth/me/')).status).toBe(401)
      expect((await before.get('writer/tasks/')).status).toBe(401)
      const task = { site_id: 1, sector_id: 1, title: 'x' }
      expect((await before.post('writer/tasks/', task)).status).toBe(401)
      expect((await post('auth/refresh/', { refresh: before.refresh })).status).toBe(401)
    }
    const after = await signIn(service.url, user.email, password)
    expect((await after.get('auth/me/')).status).toBe(200)
  })
})

it('ends sessions that were opened while the password was being changed', async () => {
  for (let n = 0; n < 5; n++) {
    const user = await addUser(owner, 'editor')
    const change = { old_password: PASSWORD, new_password: OTHER }
    const [changed, refreshed, signedIn] = await Promise.all([
      user.post('auth/change_password/', change),
      post('auth/refresh/', { refresh: user.refresh }),
      post('auth/login/', { email: user.email, password: PASSWORD }),
    ])
    // A refresh of the caller's own that ended theirs first is a 401, and the password stays.
    if (changed.status !== 200) continue
    for (const opened of [refreshed, signedIn]) {
      if (opened.status !== 200) continue
      const { access, refresh } = opened.body as { access: string; refresh: string }
      const headers = { authorization: `Bearer ${access}` }
      const me = await request(service.url, 'GET', 'auth/me/', undefined, headers)
      expect(me.status).toBe(401)
      expect((await post('auth/refresh/', { refresh })).status).toBe(401)
    }
  }
})

it('refuses a password link for oneself in every role', async () => {
  for (const user of [owner, await addUser(owner, 'admin')]) {
    const answer = await user.post(`auth/users/${user.userId}/password_link/`)
    expect([answer.status, answer.body.code]).toEqual([403, 'permission_denied'])
    expect(answer.body.detail).toContain('change_password')
  }
})
