import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addUser, type Client, PASSWORD, request, signIn } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'

type User = { id: number; role: string; is_active: boolean }
type List = { count: number; results: User[] }

let service: TestService
beforeAll(async () => {
  service = await startTestService({ role: 'api' })
})
afterAll(() => service.stop())

const change = (client: Client, id: number, body: object) =>
  client.call<User & { code?: string }>('PATCH', `auth/users/${id}/`, body)
const remove = (client: Client, id: number) => client.call('DELETE', `auth/users/${id}/`)
const ownerOf = async (client: Client) =>
  (await client.get<{ owner_id: number }>(`auth/accounts/${client.accountId}/`)).body.owner_id

async function ownersOf(accountId: number): Promise<number[]> {
  const rows = await service.sql<{ id: string }[]>`
    select id from users where account_id = ${accountId} and role = 'owner' and is_active`
  return rows.map(({ id }) => Number(id))
}

describe('users', () => {
  it('can be filtered by role and by access', async () => {
    const owner = await service.owner()
    const editor = await addUser(owner, 'editor')
    await addUser(owner, 'viewer')
    await change(owner, editor.userId, { is_active: false })
    const counts = ['role=editor', 'role=viewer', 'is_active=true', 'is_active=false'].map(
      async (query) => (await owner.get<List>(`auth/users/?${query}`)).body.count,
    )
    expect(await Promise.all(counts)).toEqual([1, 1, 2, 1])
  })

  it('lose their sign-ins when they are deleted, and their email address can be used again', async () => {
    const owner = await service.owner()
    const editor = await addUser(owner, 'editor')
    expect((await remove(owner, editor.userId)).status).toBe(204)
    expect((await editor.get('auth/me/')).status).toBe(401)
    expect((await owner.get(`auth/users/${editor.userId}/`)).status).toBe(404)
    const again = { email: editor.email, password: PASSWORD, role: 'viewer' }
    expect((await owner.post('auth/users/', again)).status).toBe(201)
    const entries = await service.sql`select action from audit_log
      where object_type = 'user' and object_id = ${editor.userId} order by id`
    expect(entries.map(({ action }) => action)).toEqual(['user.created', 'user.deleted'])
  })

  it('cannot use or refresh their tokens after they are deactivated', async () => {
    const owner = await service.owner()
    const editor = await addUser(owner, 'editor')
    await change(owner, editor.userId, { is_active: false })
    const refresh = { refresh: editor.refresh }
    expect((await editor.get('auth/me/')).status).toBe(401)
    expect((await request(service.url, 'POST', 'auth/refresh/', refresh)).status).toBe(401)
    await change(owner, editor.userId, { is_active: true })
    expect((await request(service.url, 'POST', 'auth/refresh/', refresh)).status).toBe(401)
    expect((await signIn(service.url, editor.email)).userId).toBe(editor.userId)
  })
})

describe('roles', () => {
  it('can be given up to the role of the giver, and never raise it', async () => {
    const owner = await service.owner()
    const admin = await addUser(owner, 'admin')
    const editor = await addUser(owner, 'editor')
    const other = await addUser(owner, 'admin')
    const refusals = [
      await change(admin, editor.userId, { role: 'owner' }),
      await change(admin, admin.userId, { role: 'owner' }),
      await change(admin, owner.userId, { role: 'viewer' }),
      await change(admin, owner.userId, { first_name: 'Not yours' }),
      await change(admin, owner.userId, { is_active: false }),
      await remove(admin, owner.userId),
      await admin.post('auth/users/', {
        email: 'raised@example.test',
        password: PASSWORD,
        role: 'owner',
      }),
    ]
    for (const { status, body } of refusals) {
      expect([status, (body as { code?: string }).code]).toEqual([403, 'permission_denied'])
    }
    for (const role of ['developer', 'system_bot', 'king']) {
      expect((await change(owner, editor.userId, { role })).status, role).toBe(400)
    }
    expect((await change(admin, other.userId, { role: 'editor' })).body.role).toBe('editor')
    expect((await change(owner, editor.userId, { role: 'owner' })).body.role).toBe('owner')
    expect((await remove(admin, editor.userId)).status).toBe(403)
  })

  it('cannot read or write users below admin', async () => {
    const owner = await service.owner()
    const editor = await addUser(owner, 'editor')
    expect((await editor.get('auth/users/')).status).toBe(403)
    expect((await change(editor, editor.userId, { role: 'admin' })).status).toBe(403)
    expect((await remove(editor, editor.userId)).status).toBe(403)
  })
})

describe('the last owner', () => {
  it('cannot be removed, deactivated or given another role', async () => {
    const owner = await service.owner()
    await addUser(owner, 'admin')
    for (const body of [{ role: 'admin' }, { is_active: false }]) {
      const answer = await change(owner, owner.userId, body)
      expect([answer.status, answer.body.code]).toEqual([409, 'wrong_state'])
    }
    expect((await remove(owner, owner.userId)).status).toBe(409)
    expect((await owner.get('auth/me/')).status).toBe(200)
  })

  it('can leave once there is another, whom the account then names', async () => {
    const owner = await service.owner()
    const second = await addUser(owner, 'owner')
    expect(await ownerOf(owner)).toBe(owner.userId)
    expect((await change(owner, owner.userId, { role: 'viewer' })).status).toBe(200)
    expect(await ownerOf(second)).toBe(second.userId)
    expect((await remove(second, second.userId)).status).toBe(409)
  })

  it('stays when two owners remove, deactivate or demote each other at the same time', async () => {
    const acts = [
      (by: Client, id: number) => remove(by, id),
      (by: Client, id: number) => change(by, id, { is_active: false }),
      (by: Client, id: number) => change(by, id, { role: 'viewer' }),
    ]
    for (let round = 0; round < 9; round++) {
      const first = await service.owner()
      const second = await addUser(first, 'owner')
      const act = acts[round % 3]!
      await Promise.all([act(first, second.userId), act(second, first.userId)])
      const left = await ownersOf(first.accountId)
      expect(left, `round ${round}`).toHaveLength(1)
      const rows = await service.sql`select owner_id from accounts where id = ${first.accountId}`
      expect(Number(rows[0]!.owner_id)).toBe(left[0])
    }
  })
})

describe('an owner', () => {
  it('can transfer the account to another user, and stays as an admin', async () => {
    const owner = await service.owner()
    const next = await addUser(owner, 'editor')
    const path = `auth/accounts/${owner.accountId}/`
    const answer = await owner.call('PATCH', path, { owner_id: next.userId })
    expect([answer.status, answer.body.owner_id]).toEqual([200, next.userId])
    const renewed = await signIn(service.url, owner.email)
    expect((await renewed.call('PATCH', path, { owner_id: owner.userId })).status).toBe(403)
    const now = await signIn(service.url, next.email)
    const roles = await now.get<List>('auth/users/?ordering=created_at')
    expect(roles.body.results.map(({ role }) => role)).toEqual(['admin', 'owner'])
  })

  it('must be an active user of the account', async () => {
    const owner = await service.owner()
    const gone = await addUser(owner, 'editor')
    await change(owner, gone.userId, { is_active: false })
    const stranger = await service.owner()
    for (const owner_id of [gone.userId, stranger.userId, 999_999]) {
      const path = `auth/accounts/${owner.accountId}/`
      const answer = await owner.call('PATCH', path, { owner_id })
      expect([answer.status, answer.body.errors]).toMatchObject([400, [{ path: 'owner_id' }]])
    }
    expect(await ownersOf(owner.accountId)).toEqual([owner.userId])
  })
})
