import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Client } from '../helpers/client.ts'
import { type OpenAiServer, startOpenAiServer } from '../helpers/openai-server.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { until } from '../helpers/until.ts'
import { newSector, type Row, type Sector } from '../planner/sector.ts'

const IDEAS = 'planner/clusters/auto_generate_ideas/'
const CONTENT = 'writer/tasks/auto_generate_content/'
type Accepted = { task_id: number }

let openai: OpenAiServer
let service: TestService
beforeAll(async () => {
  openai = await startOpenAiServer()
  service = await startTestService({ role: 'api', allowPrivateSites: [openai.hostPort] })
})
afterAll(async () => {
  await service.stop()
  await openai.stop()
})

/** Resolves when so many connections wait for another's lock. */
function waiting(n: number): Promise<boolean> {
  const areWaiting = async () => {
    const [row] = await service.sql`select count(*)::int as n from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`
    return row!.n >= n
  }
  return until(areWaiting, { what: `the wait of ${n} connections for a lock` })
}

/** Runs `meanwhile` while another connection holds what `lock` has locked, or written and not committed. */
async function whileLocked(
  lock: (sql: TestService['sql']) => Promise<unknown>,
  meanwhile: () => Promise<void>,
): Promise<void> {
  await service.sql.begin(async (sql) => {
    await lock(sql as unknown as TestService['sql'])
    await meanwhile()
  })
}

async function newClusters(owner: Client, sector: Sector, n: number): Promise<number[]> {
  const ids: number[] = []
  for (let index = 0; index < n; index++) {
    const { body } = await owner.post<Row>('planner/clusters/', { ...sector, name: `C ${index}` })
    ids.push(body.id)
  }
  return ids
}

const balanceOf = async (owner: Client) => (await owner.get('billing/balance/')).body
const statesOf = async (runId: number) =>
  (await service.sql`select state from run_steps where run_id = ${runId} order by object_id`).map(
    ({ state }) => state,
  )

describe('of two at once', () => {
  it('that ask for the same objects in another order one is accepted and the other told', async () => {
    const owner = await service.owner()
    const sector = await newSector(owner)
    const ids = await newClusters(owner, sector, 5)
    const answers: Promise<{ status: number }>[] = []
    await whileLocked(
      (sql) => sql`with run as (
        insert into runs (account_id, kind, total) values (${owner.accountId}, 'generate_ideas', 1)
        returning id)
        insert into run_steps (account_id, run_id, kind, object_id)
        select ${owner.accountId}, id, 'generate_ideas', ${ids[2]!} from run`,
      async () => {
        answers.push(owner.post(IDEAS, { ids }), owner.post(IDEAS, { ids: ids.toReversed() }))
        await waiting(2)
        throw new Error('rolled back')
      },
    ).catch(() => undefined)
    const statuses = (await Promise.all(answers)).map(({ status }) => status)
    expect(statuses.sort()).toEqual([202, 409])
  })

  it('a worker takes a step that the other, who cancels the run, lets finish', async () => {
    const owner = await service.owner()
    const sector = await newSector(owner)
    const ids = await newClusters(owner, sector, 3)
    const { body } = await owner.post<Accepted>(IDEAS, { ids })
    const runId = body.task_id
    await whileLocked(
      (sql) => sql`update run_steps set state = 'running' where run_id = ${runId}
        and object_id = ${ids[1]!}`,
      async () => {
        const cancel = await owner.post(`system/settings/task_progress/${runId}/cancel/`)
        expect(cancel).toMatchObject({ status: 200, body: { meta: { current: 2 } } })
      },
    )
    expect(await statesOf(runId)).toEqual(['cancelled', 'running', 'cancelled'])
    expect(await balanceOf(owner)).toMatchObject({ held: 5, charged: 0, balance: 495 })
  })
})

describe('an account that is closed', () => {
  async function writing(): Promise<{ owner: Client; ids: number[]; slug: string }> {
    const owner = await service.owner()
    const sector = await newSector(owner)
    await owner.call('PUT', 'system/settings/integrations/openai/', {
      config: { api_key: 'sk-only-a-test', base_url: openai.url, model: 'gpt-4o-mini' },
    })
    const ids: number[] = []
    for (const title of ['One', 'Two']) {
      ids.push((await owner.post<Row>('writer/tasks/', { ...sector, title })).body.id)
    }
    const { body } = await owner.get<{ slug: string }>(`auth/accounts/${owner.accountId}/`)
    return { owner, ids, slug: body.slug }
  }
  const startWorker = () =>
    startTestService({
      databaseUrl: service.databaseUrl,
      allowPrivateSites: [openai.hostPort],
      config: { role: 'worker' },
    })
  const close = ({ owner, slug }: { owner: Client; slug: string }) =>
    owner.call('DELETE', `auth/accounts/${owner.accountId}/?confirm=${slug}`)

  it('while a step ends waits for it, and the step for the account, but not each for the other', async () => {
    const worker = await startWorker()
    const account = await writing()
    const { owner, ids } = account
    const gate = Promise.withResolvers<void>()
    openai.script({ do: 'wait', until: gate.promise })
    const asked = openai.nextRequest()
    const { body } = await owner.post<Accepted>(CONTENT, { ids: ids.slice(0, 1) })
    await asked
    const before = openai.requests.length
    let closing: ReturnType<typeof close> | undefined
    await whileLocked(
      (sql) => sql`select from accounts where id = ${owner.accountId} for update`,
      async () => {
        closing = close(account)
        await waiting(1)
        gate.resolve()
        await waiting(2)
      },
    )
    expect((await closing)?.status).toBe(200)
    expect((await owner.follow(body.task_id)).state).toBe('SUCCESS')
    expect(openai.requests.length).toBe(before)
    expect(await balanceOf(owner)).toMatchObject({ held: 0, charged: 3 })
    await worker.stop()
  })

  it('lets finish what a worker began that died, and holds nothing for what was given back', async () => {
    const account = await writing()
    const { owner, ids } = account
    const { body } = await owner.post<Accepted>(CONTENT, { ids })
    await service.sql`update run_steps set state = 'running', attempt = 1, worker_id = 1
      where run_id = ${body.task_id}`
    expect((await close(account)).status).toBe(200)
    await service.sql`update run_steps set state = 'pending', worker_id = null
      where run_id = ${body.task_id} and object_id = ${ids[1]!}`
    const worker = await startWorker()
    expect((await owner.follow(body.task_id)).state).toBe('CANCELLED')
    expect(await statesOf(body.task_id)).toEqual(['succeeded', 'cancelled'])
    expect(await balanceOf(owner)).toMatchObject({ held: 0, charged: 3 })
    await worker.stop()
  })
})
