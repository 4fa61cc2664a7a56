import postgres from 'postgres'
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest'
import { type Database, openDatabase } from '../../db/database.ts'
import { WORKER_LIMITS } from '../../db/limits.ts'
import { Pool } from '../../db/pool.ts'
import { WORKER_LOCK } from '../../jobs/steps/claim-step.ts'
import { cancelClosed, openRecovery } from '../../jobs/steps/recover-steps.ts'
import type { WorkerDeps } from '../../jobs/steps/step.ts'
import { cloneTemplate } from '../helpers/database.ts'

let sql: postgres.Sql
let database: Database
beforeAll(async () => {
  const url = await cloneTemplate(inject('postgresUrl'))
  sql = postgres(url, { max: 1, onnotice: () => {} })
  database = openDatabase(new Pool(url, { size: 2 }), WORKER_LIMITS)
})
afterAll(async () => {
  await sql.end()
  await database.close()
})

it('cancels what waits in closed accounts, also when the run of one cannot be written', async () => {
  for (const name of ['broken', 'sound']) {
    const [account] = await sql`insert into accounts (name, slug, plan_id, status)
      select ${name}, ${name}, min(id), 'cancelled' from plans returning id`
    const [run] = await sql`insert into runs (account_id, kind, total, message)
      values (${account!.id}, 'publish', 1, ${name}) returning id`
    await sql`insert into run_steps (account_id, run_id, kind, object_id, checkpoint)
      values (${account!.id}, ${run!.id}, 'publish', 1, '{"made": 1}')`
  }
  await sql.unsafe(`create function refuse() returns trigger language plpgsql as
      $$ begin raise 'a broken index'; end $$;
    create trigger refuse before update on runs for each row
      when (old.message = 'broken') execute function refuse()`)
  const error = vi.fn()
  const logger = { info() {}, warn() {}, error }
  await cancelClosed({ database, logger } as unknown as WorkerDeps)
  const steps = await sql`select state, checkpoint from run_steps order by id`
  expect(steps).toMatchObject([
    { state: 'pending', checkpoint: { made: 1 } },
    { state: 'cancelled', checkpoint: null },
  ])
  expect(error).toHaveBeenCalledOnce()
})

it('counts a worker as dead that is without its lock for longer than a moment', async () => {
  const [run] = await sql`insert into runs (account_id, kind, total)
    select min(id), 'publish', 2 from accounts returning account_id, id`
  await sql`insert into run_steps (account_id, run_id, kind, object_id, state, worker_id)
    select ${run!.account_id}, ${run!.id}, 'publish', n, 'running', n from generate_series(11, 12) n`
  const enqueue = vi.fn()
  const recover = openRecovery({ database, queue: { enqueue } } as unknown as WorkerDeps)
  await recover()
  await sql`select pg_advisory_lock(${WORKER_LOCK}::int, 11)`
  await recover()
  const of = await sql`select id::int from run_steps where worker_id = 12`
  expect(enqueue.mock.calls.map(([, steps]) => steps.map(({ id }: { id: number }) => id))).toEqual([
    [],
    [of[0]!.id],
  ])
})
