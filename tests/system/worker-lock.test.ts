import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { takeWorkerLock } from '../../jobs/steps/worker-lock.ts'
import { cloneTemplate } from '../helpers/database.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { until } from '../helpers/until.ts'

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
  const anyHolders = async () => {
    const found = await holders()
    return found.length > 0 && found
  }
  expect(await until(anyHolders, { what: 'another lock of the worker' })).not.toContain(before)
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

/** Leads, and says so. */
const LEADER = `
  import { takeWorkerLock } from ${JSON.stringify(new URL('../../jobs/steps/worker-lock.ts', import.meta.url))}
  const lock = await takeWorkerLock(process.env.DATABASE_URL)
  console.log(lock.isLeader())
  setInterval(() => lock.renew(), 100)`

it('is handed over by a leader that is frozen', async () => {
  const url = await cloneTemplate(inject('postgresUrl'))
  const leader = spawn(process.execPath, ['--input-type=module', '--eval', LEADER], {
    env: { PATH: process.env.PATH, DATABASE_URL: url },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [said] = await once(leader.stdout, 'data')
  expect(String(said)).toBe('true\n')
  const next = await takeWorkerLock(url)
  try {
    expect(next.isLeader()).toBe(false)
    leader.kill('SIGSTOP')
    const leads = async () => {
      await next.renew()
      return next.isLeader()
    }
    await expect.poll(leads, { timeout: 45_000, interval: 200 }).toBe(true)
  } finally {
    leader.kill('SIGKILL')
    await next.release()
  }
}, 60_000)
