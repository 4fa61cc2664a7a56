import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestService, type TestService } from '../helpers/service.ts'

const LOCK_CLASS = 493_718

let service: TestService
beforeAll(async () => {
  service = await startTestService({ logger: { info() {}, warn() {}, error() {} } })
})
afterAll(() => service.stop())

const holders = async () =>
  (
    await service.sql<{ pid: number }[]>`select pid from pg_locks
      where locktype = 'advisory' and granted and classid = ${LOCK_CLASS}
        and database = (select oid from pg_database where datname = current_database())`
  ).map(({ pid }) => pid)

it('is seen to live again after the database cut its connections', async () => {
  const [before] = await holders()
  await service.sql`select pg_terminate_backend(pid, 5000) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`
  let after: number[] = []
  while (after.length === 0) {
    await delay(100)
    after = await holders()
  }
  expect(after).not.toContain(before)
  const owner = await service.owner()
  const site = await owner.post<{ id: number }>('auth/sites/', { name: 'Blog' })
  const place = { site_id: site.body.id }
  const sector = await owner.post<{ id: number }>('auth/sectors/', { ...place, name: 'x' })
  const task = await owner.post<{ id: number }>('writer/tasks/', {
    ...place,
    sector_id: sector.body.id,
    title: 'After the cut',
  })
  const run = await owner.run('writer/tasks/auto_generate_content/', { ids: [task.body.id] })
  expect(run.state).toBe('SUCCESS')
})
