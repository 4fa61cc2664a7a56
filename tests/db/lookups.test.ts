import postgres from 'postgres'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { PASSWORD, request, signIn } from '../helpers/client.ts'
import { cloneTemplate } from '../helpers/database.ts'
import { startTestService } from '../helpers/service.ts'

const ACCOUNTS = 3000

/** One row for each of many accounts: what must read all of them to find one is seen. */
const FILLED: Record<string, string> = {
  users: `insert into users (account_id, email, password_hash, role)
    select id, 'filler-' || id || '@example.test', '-', 'owner' from filler`,
  sites: `insert into sites (account_id, name, slug) select id, 'Filler', 'filler' from filler`,
  tasks: `insert into tasks (account_id, site_id, sector_id, title) select id, 1, 1, 'Filler' from filler`,
  images: `insert into images (account_id, site_id, sector_id, task_id, image_type, image_path, prompt, width, height, content_hash, provider)
    select id, 1, 1, 1, 'featured', 'aa/' || id, '-', 1, 1, '-', 'local' from filler`,
  runs: `insert into runs (account_id, kind, total, state) select id, 'publish', 1, 'SUCCESS' from filler`,
  run_steps: `insert into run_steps (account_id, run_id, kind, object_id, state)
    select id, 1, 'publish', 1, 'succeeded' from filler`,
  api_keys: `insert into api_keys (account_id, name, access, key_hash, last4)
    select id, 'Filler', 'read', md5(id::text), '-' from filler`,
  refresh_tokens: `insert into refresh_tokens (account_id, user_id, family, token_hash, expires_at)
    select id, 1, gen_random_uuid(), md5(id::text), now() + interval '1 day' from filler`,
  invitations: `insert into invitations (account_id, email, role, site_ids, token_hash, expires_at)
    select id, 'filler@example.test', 'viewer', '{}', md5(id::text), now() + interval '1 day' from filler`,
  wordpress_connections: `insert into wordpress_connections (account_id, site_id, created_by_id, state_hash, wp_url, expires_at)
    select id, 1, 1, md5(id::text), 'http://x', now() from filler`,
  wordpress_deliveries: `insert into wordpress_deliveries (account_id, site_id, type, payload, state, next_attempt_at)
    select id, 1, 'task.updated', '{}', 'delivered', null from filler`,
}

let url: string
let admin: postgres.Sql
beforeAll(async () => {
  url = await cloneTemplate(inject('postgresUrl'))
  admin = postgres(url, { max: 1, onnotice: () => {} })
  // Of what belongs together only the tables that are looked up in have rows.
  await admin`set session_replication_role = replica`
  await admin.unsafe(`create temp table filler as
    with made as (
      insert into accounts (name, slug, plan_id)
      select 'Filler', 'filler-' || n, (select min(id) from plans) from generate_series(1, ${ACCOUNTS}) n
      returning id)
    select id from made`)
  for (const fill of Object.values(FILLED)) await admin.unsafe(fill)
  await admin`analyze`
})
afterAll(() => admin.end())

/** Backends report what they did when they end. */
async function scans(): Promise<Record<string, number>> {
  const rows = await admin<{ table: string; scans: string }[]>`
    select relname as table, seq_scan as scans from pg_stat_user_tables
    where relname in ${admin(['accounts', ...Object.keys(FILLED)])} order by 1`
  return Object.fromEntries(rows.map(({ table, scans }) => [table, Number(scans)]))
}

it('uses an index for every lookup without an account', async () => {
  await admin`select pg_stat_force_next_flush()`
  const before = await scans()
  const service = await startTestService({ databaseUrl: url })
  const owner = await service.owner()
  const { refresh } = await signIn(service.url, owner.email)
  await request(service.url, 'POST', 'auth/refresh/', { refresh })
  await request(service.url, 'POST', 'auth/logout/', { refresh })
  const site = (await owner.post<{ id: number }>('auth/sites/', { name: 'Blog' })).body.id
  const email = 'invited@example.test'
  const invited = await owner.post<{ token: string }>('auth/invitations/', {
    ...{ email, role: 'viewer', site_ids: [site] },
  })
  const accepted = { token: invited.body.token, password: PASSWORD }
  expect((await request(service.url, 'POST', 'auth/invitations/accept/', accepted)).status).toBe(
    201,
  )
  await request(service.url, 'POST', `bridge/${site}/events/`, {})
  for (const path of ['connect/wordpress?state=x', 'metrics', 'media/aa/bb.webp']) {
    await fetch(`${service.url}/${path}`)
  }
  const sector = { site_id: site, name: 'Coffee' }
  const sector_id = (await owner.post<{ id: number }>('auth/sectors/', sector)).body.id
  const place = { site_id: site, sector_id }
  const keyword = await owner.post<{ id: number }>('planner/keywords/', {
    ...place,
    keyword: 'espresso',
  })
  // The worker's own rounds go on meanwhile.
  const run = await owner.run('planner/keywords/auto_cluster/', {
    ids: [keyword.body.id],
    ...place,
  })
  expect(run.state).toBe('SUCCESS')
  await service.stop()
  expect(await scans()).toEqual(before)
})
