import { afterAll, beforeAll, expect, it } from 'vitest'
import { renewCredits } from '../../jobs/scheduled/renew-credits.ts'
import { MAX_BALANCE } from '../../server/billing/credits.ts'
import { type Client, type Json, staffMember } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'

let service: TestService
let staff: Client
const logged: object[] = []
beforeAll(async () => {
  // Without a worker: the rounds are made here.
  service = await startTestService({ role: 'api' })
  staff = await staffMember(service)
})
afterAll(() => service.stop())

function round(): Promise<number> {
  const logger = { info() {}, warn() {}, error: (fields: object) => logged.push(fields) }
  return renewCredits({ database: service.database, logger })
}

const LIMITS = {
  ...{ max_users: 2, max_sites: 2, max_keywords: 100, max_clusters: 10, max_content_ideas: 10 },
  ...{ daily_cluster_limit: 5, monthly_cluster_ai_credits: 100, daily_content_tasks: 5 },
  ...{ daily_ai_requests: 50, monthly_word_count_limit: 10_000, monthly_content_ai_credits: 100 },
  ...{ monthly_image_count: 50, daily_image_generation_limit: 10, monthly_image_ai_credits: 50 },
  max_images_per_task: 2,
}

/** An account whose cycle has come round. */
async function due(name: string, credits: number, planCredits?: number): Promise<Client> {
  const owner = await service.owner(name)
  await service.sql`update accounts set credits = ${credits}, renews_at = now() - interval '1 hour'
    where id = ${owner.accountId}`
  if (planCredits !== undefined) {
    const plan = await staff.post<{ id: number }>('auth/plans/', {
      ...{ name: `Plan of ${name}`, credits_per_month: planCredits },
      ...LIMITS,
    })
    await service.sql`update accounts set plan_id = ${plan.body.id} where id = ${owner.accountId}`
  }
  return owner
}

const balance = async (owner: Client) =>
  (await owner.get<{ balance: number }>('billing/balance/')).body.balance
const isDue = async ({ accountId }: Client) =>
  (await service.sql`select renews_at <= now() as due from accounts where id = ${accountId}`)[0]!
    .due

it('continues after an account or plan that cannot be renewed', async () => {
  const first = await due('First', 0)
  const poisoned = await due('Poisoned', 0)
  const large = await due('Large', 2_147_483_000, 1_000_000_000)
  const last = await due('Last', 0)
  await service.sql.unsafe(`create function refuse() returns trigger language plpgsql as
    $$ begin if new.account_id = ${poisoned.accountId} then raise exception 'poisoned'; end if;
      return new; end $$;
    create trigger refuse before insert on credit_transactions for each row execute function refuse()`)
  expect(await round()).toBe(3)
  expect(logged).toMatchObject([{ account_id: poisoned.accountId }])
  expect(await Promise.all([first, poisoned, last].map(isDue))).toEqual([false, true, false])
  expect(await Promise.all([first, poisoned, large, last].map(balance))).toEqual([
    500, 0, 3_147_483_000, 500,
  ])
  await service.sql.unsafe('drop trigger refuse on credit_transactions')
  expect(await round()).toBe(1)
  expect(await balance(poisoned)).toBe(500)
  expect(await round()).toBe(0)
})

it('renews later batches of accounts when the first batch fails', async () => {
  await service.sql`insert into accounts (name, slug, plan_id, renews_at)
    select 'Many', 'many-' || n, (select id from plans where slug = 'free'), now() - interval '1 hour'
    from generate_series(1, 150) n`
  await service.sql.unsafe(`create or replace function refuse() returns trigger language plpgsql as
    $$ begin if (select substr(slug, 6)::int from accounts where id = new.account_id) <= 120
      then raise exception 'poisoned'; end if; return new; end $$;
    create trigger refuse before insert on credit_transactions for each row execute function refuse()`)
  expect(await round()).toBe(30)
  await service.sql.unsafe('drop trigger refuse on credit_transactions')
  expect(await round()).toBe(120)
})

it('refuses a grant above the highest balance with an explanation for staff', async () => {
  const full = await due('Full', MAX_BALANCE - 10)
  expect(await round()).toBe(1)
  expect(await balance(full)).toBe(MAX_BALANCE)
  const grant = { amount: 1, description: 'One more', reference: 'one-more' }
  const refused = await staff.call<Json>('POST', 'billing/grants/', grant, {
    'x-account-id': String(full.accountId),
  })
  expect(refused.status).toBe(400)
  expect(refused.body.errors).toMatchObject([
    { path: 'amount', message: expect.stringContaining(`must not exceed ${MAX_BALANCE} credits`) },
  ])
  const sums = (await full.get<Json>('billing/balance/')).body
  expect(sums).toMatchObject({ granted: 500 + 10 })
})
