import { setTimeout as delay } from 'node:timers/promises'
import postgres, { type Sql } from 'postgres'
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest'
import { type ScheduledTask, startSchedule } from '../../jobs/scheduled/schedule.ts'
import { takeWorkerLock, type WorkerLock } from '../../jobs/steps/worker-lock.ts'
import { cloneTemplate } from '../helpers/database.ts'

const quiet = () => ({ info() {}, warn() {}, error: vi.fn() })
const task = (name: string, run: ScheduledTask['run'], where = 'each worker'): ScheduledTask => ({
  name,
  everyMs: 5,
  in: where as ScheduledTask['in'],
  run,
})
const forever = () => new Promise<never>(() => {})

it('runs a task beside others that hang or throw, again and again', async () => {
  const logger = quiet()
  let runs = 0
  const schedule = startSchedule(
    [
      task('hangs', forever),
      task('throws', () => Promise.reject(new Error('broken'))),
      task('works', async () => runs++),
    ],
    { isLeader: () => true, logger },
  )
  await expect.poll(() => runs).toBeGreaterThan(3)
  const failed = { err: expect.any(Error), task: 'throws' }
  await expect.poll(() => logger.error.mock.calls.length).toBeGreaterThan(3)
  expect(logger.error).toHaveBeenCalledWith(failed, 'a scheduled task failed')
  await schedule.stop(50)
})

it('never runs a task beside itself', async () => {
  let now = 0
  let most = 0
  let runs = 0
  const slow = async () => {
    most = Math.max(most, ++now)
    await delay(30)
    now--
    runs++
  }
  const schedule = startSchedule([task('slow', slow)], { isLeader: () => true, logger: quiet() })
  await expect.poll(() => runs).toBeGreaterThan(3)
  await schedule.stop(1_000)
  expect(most).toBe(1)
})

it('leaves to the leader what sweeps', async () => {
  let leads = false
  const ran: string[] = []
  const note = (name: string) => async () => void ran.push(name)
  const schedule = startSchedule(
    [task('each', note('each')), task('sweep', note('sweep'), 'leader')],
    { isLeader: () => leads, logger: quiet() },
  )
  await expect.poll(() => ran.length).toBeGreaterThan(3)
  expect(ran).not.toContain('sweep')
  leads = true
  await expect.poll(() => ran).toContain('sweep')
  await schedule.stop(1_000)
})

it('waits for running tasks when it stops, but not forever', async () => {
  let ended = false
  const slow = async (stopping: AbortSignal) => {
    await delay(10_000, undefined, { signal: stopping }).catch(() => delay(100))
    ended = true
  }
  const schedule = startSchedule([task('slow', slow)], { isLeader: () => true, logger: quiet() })
  await schedule.stop(10_000)
  expect(ended).toBe(true)
  const hanging = startSchedule([task('hangs', forever)], {
    isLeader: () => true,
    logger: quiet(),
  })
  await hanging.stop(50)
})

let url: string
let sql: Sql
const locks: WorkerLock[] = []
beforeAll(async () => {
  url = await cloneTemplate(inject('postgresUrl'))
  sql = postgres(url, { max: 1, onnotice: () => {} })
})
afterAll(async () => {
  for (const lock of locks) await lock.release()
  await sql.end()
})

it('has one leader, and another when that one stops or loses its connection', async () => {
  for (let n = 0; n < 3; n++) locks.push(await takeWorkerLock(url))
  const leaders = () => locks.filter((lock) => lock.isLeader())
  expect(leaders()).toEqual([locks[0]])
  await locks[0]!.renew()
  await locks.shift()!.release()
  for (const lock of locks) await lock.renew()
  expect(leaders()).toEqual([locks[0]])
  const [before] = leaders()
  await sql`select pg_terminate_backend(pid, 5000) from pg_locks
    where locktype = 'advisory' and classid = 493719 and granted`
  await expect.poll(() => before!.isLeader(), { timeout: 10_000 }).toBe(false)
  await locks[1]!.renew()
  expect(leaders()).toEqual([locks[1]])
  await before!.renew().catch(() => before!.renew())
  expect(leaders()).toEqual([locks[1]])
})
