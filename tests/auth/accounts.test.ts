import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addUser, type Client, PASSWORD, request, signIn, staffMember } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { addKeywords, newSector } from '../planner/sector.ts'

type Account = { id: number; name: string; slug: string; stripe_customer_id: string | null }

let service: TestService
let staff: Client
beforeAll(async () => {
  service = await startTestService()
  staff = await staffMember(service)
})
afterAll(() => service.stop())

const path = (client: Client) => `auth/accounts/${client.accountId}/`
const change = (client: Client, body: object) => client.call('PATCH', path(client), body)
const asStaff = (customer: Client, body: object) =>
  staff.call('PATCH', path(customer), body, { 'x-account-id': String(customer.accountId) })

describe('the account', () => {
  it('is readable for every role, its payment reference only for admins', async () => {
    const owner = await service.owner('Ours')
    const viewer = await addUser(owner, 'viewer')
    const admin = await addUser(owner, 'admin')
    await asStaff(owner, { stripe_customer_id: 'cus_123' })
    const seen = async (client: Client) => {
      const { body } = await client.get<{ count: number; results: Account[] }>('auth/accounts/')
      expect(body.count).toBe(1)
      const one = await client.get<Account>(path(client))
      expect(one.body).toEqual(body.results[0])
      return one.body.stripe_customer_id
    }
    expect(await Promise.all([owner, admin, viewer].map(seen))).toEqual([
      'cus_123',
      'cus_123',
      null,
    ])
    const session = await owner.get('auth/me/')
    expect(JSON.stringify(session.body)).not.toContain('cus_123')
  })

  it('can be renamed by an admin; only the owner can change its plan', async () => {
    const owner = await service.owner()
    const admin = await addUser(owner, 'admin')
    const editor = await addUser(owner, 'editor')
    const plans = await owner.get<{ results: { id: number; slug: string }[] }>('auth/plans/')
    const plan_id = plans.body.results.find(({ slug }) => slug === 'starter')!.id
    expect((await change(editor, { name: 'No' })).status).toBe(403)
    expect((await change(admin, { name: 'Renamed' })).body).toMatchObject({ name: 'Renamed' })
    expect((await change(admin, { plan_id })).status).toBe(403)
    expect((await change(owner, { plan_id })).body).toMatchObject({ plan_id })
    expect((await change(owner, { plan_id: 999 })).status).toBe(400)
    for (const body of [{ status: 'trial' }, { slug: 'mine' }, { stripe_customer_id: 'cus_1' }]) {
      expect((await change(owner, body)).status).toBe(403)
    }
    for (const body of [{ credits: 1_000_000 }, { id: 1 }, { status: 'cancelled' }]) {
      expect((await change(owner, body)).status).toBe(400)
    }
  })

  it('cannot take a slug of the system account', async () => {
    const owner = await service.owner()
    for (const slug of ['aws-admin', 'default-account', 'default']) {
      expect((await asStaff(owner, { slug })).status, slug).toBe(400)
    }
    const taken = (await staff.get<Account>(path(staff))).body.slug
    expect((await asStaff(owner, { slug: taken })).status).toBe(409)
    expect((await asStaff(owner, { slug: 'a-better-name' })).body).toMatchObject({
      slug: 'a-better-name',
    })
  })
})

describe.each(['suspended', 'cancelled'])('an account that is %s', (status) => {
  async function closed(): Promise<Client> {
    const owner = await service.owner()
    await service.sql`update accounts set status = ${status} where id = ${owner.accountId}`
    return owner
  }

  it('can be read, but not changed or run', async () => {
    const owner = await service.owner()
    const sector = await newSector(owner)
    const ids = await addKeywords(owner, sector, ['coffee'])
    await service.sql`update accounts set status = ${status} where id = ${owner.accountId}`
    for (const read of ['auth/me/', 'auth/sites/', 'planner/keywords/', 'billing/balance/']) {
      expect((await owner.get(read)).status, read).toBe(200)
    }
    const writes = [
      await owner.post('auth/sites/', { name: 'No' }),
      await owner.call('PATCH', `planner/keywords/${ids[0]}/`, { volume: 1 }),
      await owner.call('DELETE', `planner/keywords/${ids[0]}/`),
      await owner.post('planner/keywords/auto_cluster/', { ids, ...sector }),
      await owner.post('auth/api_keys/', { name: 'No', access: 'read' }),
      await change(owner, { name: 'No' }),
    ]
    for (const answer of writes) {
      expect([answer.status, answer.body.code]).toEqual([403, 'account_suspended'])
      expect(answer.body.detail).toContain(status)
    }
    expect((await owner.get<{ count: number }>('planner/keywords/')).body.count).toBe(1)
    expect((await owner.get<{ count: number }>('auth/sites/')).body.count).toBe(1)
  })

  it('allows its users to sign in and out and change their password', async () => {
    const owner = await closed()
    const again = await signIn(service.url, owner.email)
    const passwords = { old_password: PASSWORD, new_password: 'another horse battery' }
    expect((await again.post('auth/change_password/', passwords)).status).toBe(200)
  })

  it('can be changed by platform staff', async () => {
    const owner = await closed()
    const answer = await asStaff(owner, { name: 'By staff' })
    expect([answer.status, answer.body.name]).toEqual([200, 'By staff'])
  })
})

describe('a suspended account', () => {
  it('can be suspended and reactivated by platform staff, with an audit entry', async () => {
    const owner = await service.owner()
    expect((await asStaff(owner, { status: 'suspended' })).status).toBe(200)
    expect((await owner.post('auth/sites/', { name: 'No' })).status).toBe(403)
    expect((await asStaff(owner, { status: 'active' })).status).toBe(200)
    expect((await owner.post('auth/sites/', { name: 'Yes' })).status).toBe(201)
    const entries = await service.sql`select action from audit_log
      where account_id = ${owner.accountId} and user_id = ${staff.userId} order by id`
    const each = ['platform.request', 'account.updated']
    expect(entries.map(({ action }) => action)).toEqual([...each, ...each])
  })

  it('starts no steps until it is active again', async () => {
    const accepting = await startTestService({ role: 'api' })
    const closed = await clustering(await accepting.owner())
    const open = await clustering(await accepting.owner())
    await accepting.sql`update accounts set status = 'suspended'
      where id = ${closed.owner.accountId}`
    await accepting.stop()
    const working = await startTestService({ databaseUrl: accepting.databaseUrl })
    const progressOf = async ({ owner, run }: typeof closed) =>
      (await signIn(working.url, owner.email)).follow(run)
    expect((await progressOf(open)).state).toBe('SUCCESS')
    const steps = working.sql`select state, attempt from run_steps where run_id = ${closed.run}`
    expect({ ...(await steps)[0] }).toEqual({ state: 'pending', attempt: 0 })
    await working.sql`update accounts set status = 'active' where id = ${closed.owner.accountId}`
    // Waited for as long as a worker leaves it to the one that may have had it.
    await working.sql`update run_steps set updated_at = now() - interval '1 minute'
      where run_id = ${closed.run}`
    expect((await progressOf(closed)).state).toBe('SUCCESS')
    await working.stop()
  }, 60_000)
})

async function clustering(owner: Client): Promise<{ owner: Client; run: number }> {
  const sector = await newSector(owner)
  const ids = await addKeywords(owner, sector, ['coffee beans', 'green tea'])
  const accepted = await owner.post<{ task_id: number }>('planner/keywords/auto_cluster/', {
    ids,
    ...sector,
  })
  return { owner, run: accepted.body.task_id }
}

it('refuses an account that is not the caller’s', async () => {
  const [mine, theirs] = [await service.owner(), await service.owner()]
  expect((await mine.get(path(theirs))).status).toBe(404)
  expect((await mine.call('PATCH', path(theirs), { name: 'Taken' })).status).toBe(404)
  const none = await request(service.url, 'GET', path(mine))
  expect(none.status).toBe(401)
})
