import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Client, type Json, staffMember } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { until } from '../helpers/until.ts'
import { newSector, type Row } from '../planner/sector.ts'

type Log = Json & { operation: string; cost: number; words: number; images: number }
type List<T> = { count: number; results: T[] }
type Balance = { balance: number; granted: number; charged: number; held: number }

let service: TestService
let owner: Client
let staff: Client

beforeAll(async () => {
  service = await startTestService()
  owner = await service.owner()
  staff = await staffMember(service)
  const sector = await newSector(owner)
  const task = await owner.post<Row>('writer/tasks/', { ...sector, title: 'Logged' })
  await owner.run('writer/tasks/auto_generate_content/', { ids: [task.body.id], then: ['images'] })
})
afterAll(() => service.stop())

const usage = async (query = '') =>
  (await owner.get<List<Log>>(`billing/usage/${query}`)).body.results
const balanceOf = async (client: Client) => (await client.get<Balance>('billing/balance/')).body

describe('usage', () => {
  it('has a row for each successful step with its user and cost', async () => {
    const [images, article] = await usage()
    expect(article).toMatchObject({
      ...{ operation: 'generate_content', provider: 'local', model: 'local', cost: 3, images: 0 },
    })
    expect(article!.words).toBeGreaterThan(300)
    expect(article!.duration_ms).toBeGreaterThan(0)
    expect(images).toMatchObject({ operation: 'generate_images', cost: 2, images: 2, words: 0 })
  })

  it('can be filtered and summed by day', async () => {
    expect(await usage('?operation=generate_images')).toHaveLength(1)
    expect(await usage('?model=gpt-4o')).toHaveLength(0)
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString()
    expect(await usage(`?created_after=${tomorrow}`)).toHaveLength(0)
    expect(await usage(`?created_before=${tomorrow}`)).toHaveLength(2)
    expect((await owner.get('billing/usage/?nonsense=1')).status).toBe(400)
    const { body } = await owner.get<{ results: Log[] }>('billing/usage/by_day/')
    const day = new Date().toISOString().slice(0, 10)
    expect(body.results).toMatchObject([
      { day, operation: 'generate_content', steps: 1, cost: 3 },
      { day, operation: 'generate_images', steps: 1, cost: 2, images: 2 },
    ])
    const { body: sums } = await owner.get('billing/transactions/by_day/')
    expect(sums.results).toMatchObject([{ day, granted: 500, held: 5, charged: 5, released: 0 }])
  })

  it('is not visible to another account', async () => {
    const stranger = await service.owner('Stranger')
    expect((await stranger.get<List<Log>>('billing/usage/')).body.count).toBe(0)
    const { body } = await stranger.get<{ results: Log[] }>('billing/usage/by_day/')
    expect(body.results).toEqual([])
  })
})

describe('a grant by platform staff', () => {
  const grant = (body: object, client = staff) =>
    client.call('POST', 'billing/grants/', body, { 'x-account-id': String(owner.accountId) })

  it('adds to the balance once per reference, also for five concurrent requests, and is audited', async () => {
    const before = await balanceOf(owner)
    const body = { amount: 40, description: 'For the trouble', reference: 'ticket 7' }
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => grant(body)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 201])
    const after = await balanceOf(owner)
    expect(after).toMatchObject({ balance: before.balance + 40, granted: before.granted + 40 })
    const audits = await service.sql`select detail from audit_log
      where account_id = ${owner.accountId} and action = 'credits.granted'`
    expect(audits).toMatchObject([{ detail: { amount: 40, reference: 'ticket 7' } }])
  })

  it('is refused for everybody else', async () => {
    const body = { amount: 40, description: 'For me', reference: 'mine' }
    expect((await owner.post('billing/grants/', body)).status).toBe(403)
    expect((await grant({ ...body, amount: -1 })).status).toBe(400)
  })
})

describe('the credits of a plan', () => {
  function renewed(account: Client): Promise<unknown> {
    const isRenewed = async () => {
      const [row] = await service.sql`select renews_at > now() as done from accounts
        where id = ${account.accountId}`
      return row!.done
    }
    return until(isRenewed, { what: 'the renewal of the plan' })
  }
  const grants = (account: Client) =>
    service.sql`select amount::int as amount from credit_transactions
      where account_id = ${account.accountId} and reference like 'renewal:%'`

  it('are granted once per cycle, by the calendar, even after a long downtime', async () => {
    const account = await service.owner('Renewing')
    await service.sql`update accounts set created_at = '2026-01-31T10:00:00Z',
      renews_at = '2026-02-28T10:00:00Z' where id = ${account.accountId}`
    await renewed(account)
    expect(await grants(account)).toMatchObject([{ amount: 500 }])
    expect(await balanceOf(account)).toMatchObject({ balance: 1000, granted: 1000 })
    const [{ renews_at }] = await service.sql<[{ renews_at: Date }]>`select renews_at from accounts
      where id = ${account.accountId}`
    const last = new Date(Date.UTC(renews_at.getUTCFullYear(), renews_at.getUTCMonth() + 1, 0))
    expect(renews_at.getUTCDate()).toBe(Math.min(31, last.getUTCDate()))
  })

  it('are not granted to a closed account', async () => {
    const closed = await service.owner('Closed')
    const open = await service.owner('Open')
    await service.sql`update accounts set renews_at = now() - interval '1 day',
      status = case id when ${closed.accountId} then 'suspended' else 'active' end
      where id in (${closed.accountId}, ${open.accountId})`
    await renewed(open)
    expect(await grants(closed)).toEqual([])
  })
})
