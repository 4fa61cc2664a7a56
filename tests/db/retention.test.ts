import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { type Database, openDatabase } from '../../db/database.ts'
import { WORKER_LIMITS } from '../../db/limits.ts'
import { Pool } from '../../db/pool.ts'
import { EXPIRING_KINDS } from '../../db/schema/runs.ts'
import { purgeTables } from '../../jobs/scheduled/purge-expired.ts'
import { RETENTION, type Swept } from '../../jobs/scheduled/retention.ts'
import { cloneTemplate } from '../helpers/database.ts'

const logger = { info() {}, warn() {}, error: vi.fn() }
let sql: postgres.Sql
let database: Database
let account: number
let site: number
beforeAll(async () => {
  const url = await cloneTemplate(inject('postgresUrl'))
  sql = postgres(url, { max: 2, onnotice: () => {} })
  database = openDatabase(new Pool(url, { size: 2 }), WORKER_LIMITS)
  const [row] = await sql<[{ id: string }]>`insert into accounts (name, slug, plan_id)
    select 'A', 'a', id from plans limit 1 returning id`
  account = Number(row.id)
  const [made] = await sql<[{ id: string }]>`insert into sites (account_id, name, slug)
    values (${account}, 'S', 's') returning id`
  site = Number(made.id)
})
afterAll(async () => {
  await sql.end()
  await database.close()
})

const swept = Object.entries(RETENTION).filter(
  (entry): entry is [string, Swept] => 'column' in entry[1],
)

it('defines for every table how long its rows are kept, or why', async () => {
  const tables = await sql<{ name: string }[]>`select relname as name from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') order by relname`
  const message = 'Say in jobs/scheduled/retention.ts how long a new table keeps its rows.'
  expect(Object.keys(RETENTION).sort(), message).toEqual(tables.map(({ name }) => name))
})

it.each(swept)('finds old rows of %s with an index', async (table, { column }) => {
  const [found] = await sql`select from pg_index i join pg_attribute a on a.attrelid = i.indrelid
    and a.attnum = i.indkey[0] where i.indrelid = ${table}::regclass and a.attname = ${column}`
  expect(found, `${table} (${column})`).toBeDefined()
})

it('makes pg-boss delete finished jobs within a week and others within two', async () => {
  const kept = await sql`select name from pgboss.queue
    where deletion_seconds > ${7 * 86_400} or deletion_seconds <= 0 or retention_seconds > ${14 * 86_400}`
  expect([...kept]).toEqual([])
})

describe('the sweep', () => {
  const old = (days: number) => sql`now() - ${days} * interval '1 day'`
  /** Makes one row, so many days old. */
  const planting: Record<string, (days: number, n: number) => Promise<unknown>> = {
    bridge_events: (days, n) => sql`insert into bridge_events
      (account_id, site_id, webhook_id, type, created_at)
      values (${account}, ${site}, ${`w${n}`}, 'x', ${old(days)})`,
    idempotency_keys: (days, n) => sql`insert into idempotency_keys
      (account_id, actor, key, fingerprint, status, headers, created_at)
      values (${account}, 'x', ${`k${n}`}, 'x', 200, '{}', ${old(days)})`,
    invitations: (days, n) => sql`insert into invitations
      (account_id, email, role, site_ids, token_hash, expires_at)
      values (${account}, ${`${n}@example.test`}, 'viewer', '{}', ${`t${n}`}, ${old(days)})`,
    login_attempts: (days, n) => sql`insert into login_attempts (key_hash, failures, window_ends_at)
      values (${`h${n}`}, 1, ${old(days)})`,
    public_idempotency_keys: (days, n) => sql`insert into public_idempotency_keys
      (address, key, fingerprint, status, created_at)
      values ('::1', ${`k${n}`}, 'x', 200, ${old(days)})`,
    refresh_tokens: async (days, n) => {
      const email = `r${n}@example.test`
      const [user] = await sql<[{ id: string }]>`insert into users
        (account_id, email, password_hash, role) values (${account}, ${email}, '-', 'viewer') returning id`
      return sql`insert into refresh_tokens (account_id, user_id, family, token_hash, expires_at)
        values (${account}, ${user.id}, gen_random_uuid(), ${`r${n}`}, ${old(days)})`
    },
    staged_keywords: (days, n) => sql`insert into staged_keywords
      (account_id, upload_id, folded, line, keyword, created_at)
      values (${account}, gen_random_uuid(), ${`k${n}`}, 1, 'k', ${old(days)})`,
    usage_counters: (days, n) => sql`insert into usage_counters
      (account_id, metric, period_start, used)
      values (${account}, ${`m${n}`}, (${old(days)})::date, 1)`,
    wordpress_connections: (days, n) => sql`insert into wordpress_connections
      (account_id, site_id, created_by_id, state_hash, wp_url, expires_at)
      values (${account}, ${site}, 1, ${`s${n}`}, 'x', ${old(days)})`,
    wordpress_deliveries: (days, n) => sql`insert into wordpress_deliveries
      (account_id, site_id, type, payload, state, created_at, updated_at)
      values (${account}, ${site}, 'x', '{}', ${n === 1 ? 'failed' : 'pending'}, ${old(days)}, ${old(days)})`,
  }

  it('is tested with every table that it deletes from', () => {
    expect(Object.keys(planting).sort()).toEqual(swept.map(([table]) => table))
  })

  it.each(Object.entries(planting))(
    'deletes what is old of %s, and nothing else',
    async (table, plant) => {
      const { days } = RETENTION[table] as Swept
      await plant(days + 2, 1)
      await plant(days + 2, 2)
      await plant(days - Math.min(days / 2, 2), 3)
      await purgeTables({ database, logger })
      const [{ n }] = await sql<[{ n: number }]>`select count(*)::int as n from ${sql(table)}`
      expect(n).toBe(1)
    },
  )

  it('deletes old probes with their steps, and no run that people asked for', async () => {
    for (const kind of [...EXPIRING_KINDS, 'publish', 'test_image']) {
      for (const days of [40, 10]) {
        const [run] = await sql<
          [{ id: string }]
        >`insert into runs (account_id, kind, total, finished_at)
          values (${account}, ${kind}, 1, ${old(days)}) returning id`
        await sql`insert into run_steps (account_id, run_id, kind, object_id, state)
          values (${account}, ${run.id}, ${kind}, 1, 'succeeded')`
      }
    }
    await purgeTables({ database, logger })
    const left = await sql<{ kind: string }[]>`select r.kind from runs r join run_steps s
      on s.run_id = r.id where r.finished_at < now() - interval '30 days' order by kind`
    expect(left.map(({ kind }) => kind)).toEqual(['publish', 'test_image'])
    const [{ n }] = await sql<[{ n: number }]>`select count(*)::int as n from run_steps`
    expect(n).toBe(2 * (EXPIRING_KINDS.length + 2) - EXPIRING_KINDS.length)
  })

  it('continues with the other tables when one fails, and logs the failure', async () => {
    await sql`delete from login_attempts`
    await planting.bridge_events!(100, 4)
    await planting.login_attempts!(100, 4)
    await sql.unsafe(`create function refuse() returns trigger language plpgsql as
        $$ begin raise 'a broken index'; end $$;
      create trigger refuse before delete on bridge_events for each row execute function refuse()`)
    expect(await purgeTables({ database, logger })).toBe(1)
    expect(logger.error).toHaveBeenCalledOnce()
    expect(logger.error.mock.calls[0]![0]).toMatchObject({ table: 'bridge_events' })
    await sql`drop trigger refuse on bridge_events`
    expect(await purgeTables({ database, logger })).toBe(1)
  })

  it('deletes thousands of rows in batches, and skips locked ones', async () => {
    await sql`delete from login_attempts`
    await sql`insert into login_attempts select 'many' || n, 1, now() - interval '3 days'
      from generate_series(1, 2500) n`
    const held = await sql.reserve()
    await held`begin`
    await held`select from login_attempts where key_hash = 'many7' for update`
    expect(await purgeTables({ database, logger })).toBe(2499)
    await held`rollback`
    held.release()
    expect(await purgeTables({ database, logger })).toBe(1)
  })
})
