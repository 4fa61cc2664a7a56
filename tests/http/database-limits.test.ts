import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'

let service: TestService
let owner: Client
beforeAll(async () => {
  service = await startTestService({ poolSize: 2 })
  owner = await service.owner()
})
afterAll(() => service.stop())

const busy = (answer: { status: number; body: object; headers: Headers }) => {
  expect([answer.status, answer.body]).toEqual([
    503,
    expect.objectContaining({ code: 'overloaded' }),
  ])
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
}

it('responds with 503 to requests that wait too long for a lock or a connection', async () => {
  const { id } = (await owner.post<{ id: number }>('auth/sites/', { name: 'Locked' })).body
  const rename = () => owner.call('PATCH', `auth/sites/${id}/`, { name: 'Renamed' })
  await service.sql.begin(async (tx) => {
    await tx`select from sites where id = ${id} for update`
    busy(await rename())
    // More than there are connections: some wait for a lock, the others for those.
    for (const answer of await Promise.all(Array.from({ length: 8 }, rename))) busy(answer)
  })
  expect((await rename()).status).toBe(200)
})

it('serves other accounts while many writes of one account wait for a row', async () => {
  const { id } = (await owner.post<{ id: number }>('auth/sites/', { name: 'Locked' })).body
  const other = await service.owner('Other')
  await service.sql.begin(async (tx) => {
    await tx`select from sites where id = ${id} for update`
    const writes = Array.from({ length: 8 }, () =>
      owner.call('PATCH', `auth/sites/${id}/`, { name: 'Renamed' }),
    )
    await expect.poll(() => service.database.connectionsInUse()).toBe(1)
    expect((await other.get('auth/sites/')).status).toBe(200)
    for (const answer of await Promise.all(writes)) busy(answer)
  })
})

it('retries a step that failed because of the database without using up a retry', async () => {
  const site = (await owner.post<{ id: number }>('auth/sites/', { name: 'Blog' })).body.id
  const place = { site_id: site }
  const sector = (await owner.post<{ id: number }>('auth/sectors/', { ...place, name: 'Coffee' }))
    .body.id
  const ids: number[] = []
  for (const keyword of ['espresso machine', 'espresso grinder', 'pour over kettle']) {
    const made = await owner.post<{ id: number }>('planner/keywords/', {
      ...place,
      sector_id: sector,
      keyword,
    })
    ids.push(made.body.id)
  }
  const stepOf = async (run: number) =>
    (await service.sql`select state, retries, attempt from run_steps where run_id = ${run}`)[0]!
  let run = 0
  await service.sql.begin(async (tx) => {
    await tx`lock table clusters in share row exclusive mode`
    const body = { ids, ...place, sector_id: sector }
    run = (await owner.post<{ task_id: number }>('planner/keywords/auto_cluster/', body)).body
      .task_id
    await expect
      .poll(async () => (await stepOf(run)).attempt, { timeout: 60_000 })
      .toBeGreaterThan(1)
  })
  expect((await owner.follow(run)).state).toBe('SUCCESS')
  expect(await stepOf(run)).toMatchObject({ state: 'succeeded', retries: 0 })
})
