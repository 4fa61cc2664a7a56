import { existsSync, readdirSync, statSync, utimesSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { eraseAccounts } from '../../jobs/scheduled/erase-accounts.ts'
import { openMediaPurge } from '../../jobs/scheduled/purge-media.ts'
import type { WorkerDeps } from '../../jobs/steps/step.ts'
import { diskMedia } from '../../server/media/disk.ts'
import type { MediaStore } from '../../server/media/media.ts'
import { type Belongings, belongingsOf } from '../attacks/belongings.ts'
import type { Client, Json } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { importCsv, newSector, type Row } from '../planner/sector.ts'

/** In every text that the account gives the service, and in nothing else. */
const MARK = 'Zaubernuss'

vi.setConfig({ testTimeout: 180_000 })
let service: TestService
let owner: Client
let mine: Belongings
let media: MediaStore
beforeAll(async () => {
  // Without a worker: the rounds are made here.
  service = await startTestService({ role: 'api' })
  media = diskMedia(path.join(service.dataDir, 'media'))
  owner = await service.owner(`${MARK} account`)
  await furnish()
})
afterAll(() => service.stop())

async function furnish(): Promise<void> {
  const { sql } = service
  const id = owner.accountId
  await sql`update users set email = ${`${MARK}@example.test`} where id = ${owner.userId}`
  mine = await belongingsOf(service, owner)
  const sector = await newSector(owner, `${MARK} sector`)
  await importCsv(owner, sector, `keyword\n${MARK} tea\n${MARK} oil`)
  const task = await owner.post<Row>('writer/tasks/', { ...sector, title: `${MARK} in spring` })
  const html_content = `<p>${MARK} is a shrub.</p>`
  const written = await owner.call('PATCH', `writer/tasks/${task.body.id}/`, { html_content })
  expect(written.status).toBe(200)
  for (const image_type of ['featured', 'desktop', 'mobile']) {
    const bytes = new TextEncoder().encode(`${MARK} ${image_type}`)
    const { path: image_path, hash: content_hash } = await media.put(bytes, 'webp')
    const row = { account_id: id, ...sector, task_id: task.body.id, image_type, image_path }
    const more = { prompt: MARK, width: 1, height: 1, content_hash, provider: 'local' }
    await sql`insert into images ${sql({ ...row, ...more })}`
  }
  const queued = await owner.post<Row>('writer/tasks/', { ...sector, title: `${MARK} in autumn` })
  const run = { ids: [queued.body.id], then: ['images'] }
  expect((await owner.post('writer/tasks/auto_generate_content/', run)).status).toBe(202)
  await owner.call('PATCH', `auth/sites/${mine.site}/`, { domain: `https://${MARK}.example.test` })
  await owner.call(
    'PATCH',
    `auth/accounts/${id}/`,
    { name: `${MARK} again` },
    {
      'x-request-id': `${MARK}-request`,
    },
  )
  // What others wrote down of it, in each table that is kept, and what no route of a test reaches.
  const text = sql.json({ text: `${MARK} https://${MARK}.test ${MARK}@mail.test` })
  await sql`insert into audit_log (account_id, action, detail, request_id)
    values (${id}, 'site.updated', ${text}, ${MARK})`
  await sql`update runs set params = ${text}, message = ${MARK}, error = ${text}, secret = ${MARK},
    request_steps = ${sql.json([{ at: '', step: '', message: MARK }])} where account_id = ${id}`
  await sql`update run_steps set params = ${text}, error = ${text} where account_id = ${id}`
  await sql`insert into usage_logs (account_id, run_id, step_id, operation, provider, model, tokens_in,
      tokens_out, images, words, duration_ms, cost)
    select account_id, run_id, id, kind, 'openai', ${`${MARK}-model`}, 1, 1, 0, 0, 1, 1
    from run_steps where account_id = ${id} limit 1`
  await sql`insert into credit_transactions
    (account_id, transaction_type, amount, balance_after, description, reference)
    values (${id}, 'grant', 1, 1, ${`For ${MARK}`}, 'staff:invoice 1')`
  await sql`update run_steps set state = 'succeeded'
    where account_id = ${id} and state in ('waiting', 'pending', 'running')`
}

/** Every row of every table of every schema of ours that has the mark, by table. */
async function marked(): Promise<string[]> {
  const { sql } = service
  const tables = await sql<{ name: string }[]>`select format('%I.%I', n.nspname, c.relname) as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('public', 'pgboss') and c.relkind in ('r', 'p', 'm') order by 1`
  const found: string[] = []
  for (const { name } of tables) {
    const [row] = await sql.unsafe<[{ n: number }]>(
      `select count(*)::int as n from ${name} t where t::text ilike '%${MARK}%'`,
    )
    if (row.n > 0) found.push(name)
  }
  return found
}

const folder = () => path.join(service.dataDir, 'media')
const files = () =>
  existsSync(folder())
    ? readdirSync(folder(), { recursive: true })
        .map((name) => path.join(folder(), String(name)))
        .filter((name) => statSync(name).isFile())
    : []

function deps(store: MediaStore): WorkerDeps {
  const logger = { info() {}, warn() {}, error() {} }
  return { database: service.database, media: store, logger } as unknown as WorkerDeps
}

it('erases every text and file of an account, also when it is killed at any point', async () => {
  const before = await marked()
  expect(before.length).toBeGreaterThan(15)
  for (const table of ['public.audit_log', 'public.runs', 'public.usage_logs', 'public.users']) {
    expect(before).toContain(table)
  }
  expect(files()).toHaveLength(3)
  const yesterday = new Date(Date.now() - 86_400_000)
  for (const file of files()) utimesSync(file, yesterday, yesterday)
  const { sql } = service
  const { body } = await owner.get<Json>(`auth/accounts/${owner.accountId}/`)
  const path = `auth/accounts/${owner.accountId}/?confirm=${body.slug}`
  expect((await owner.call('DELETE', path)).status).toBe(200)
  // Each time it gets a little further before it is killed.
  for (let passes = 1; ; passes++) {
    let left = passes
    const dying = {
      ...service.database,
      withPlatform: ((reason, fn) => {
        if (left-- === 0) throw new Error('killed')
        return service.database.withPlatform(reason, fn)
      }) as typeof service.database.withPlatform,
    }
    await sql`update accounts set delete_after = now() where id = ${owner.accountId} and erased_at is null`
    await eraseAccounts({ ...deps(media), database: dying }).catch(() => undefined)
    const [account] = await sql`select erased_at from accounts where id = ${owner.accountId}`
    if (account!.erased_at) break
    expect(passes).toBeLessThan(200)
  }
  expect(await marked()).toEqual([])
  const sweep = openMediaPurge(deps(media))
  for (let folder = 0; folder < 256; folder++) await sweep()
  expect(files()).toEqual([])
})

it('keeps the texts of an account that is not due for erasure', async () => {
  const other = await service.owner('Staying')
  await expect(
    service.database.withPlatform('erase_accounts', (tx) =>
      tx.$sql.unsafe(`select igny8_forget_texts(${other.accountId}, 10)`),
    ),
  ).rejects.toThrow('is not to be erased')
})

it('continues after an account that cannot be erased', async () => {
  const { sql } = service
  const [broken, whole] = [await service.owner('Broken'), await service.owner('Whole')]
  await newSector(broken)
  await sql.unsafe(`create function refuse() returns trigger language plpgsql as
      $$ begin raise 'a broken index'; end $$;
    create trigger refuse before delete on sectors for each row
      when (old.account_id = ${broken.accountId}) execute function refuse()`)
  const due = [broken.accountId, whole.accountId]
  await sql`update accounts set status = 'cancelled', delete_after = now() where id = any(${due})`
  await eraseAccounts(deps(media))
  const erased = () => sql`select id from accounts where id = any(${due}) and erased_at is not null`
  expect((await erased()).map(({ id }) => Number(id))).toEqual([whole.accountId])
  await sql`drop trigger refuse on sectors`
  await eraseAccounts(deps(media))
  expect(await erased()).toHaveLength(2)
})

it('keeps a file that an unfinished step of another account has made', async () => {
  const { sql } = service
  const [gone, other] = [await service.owner('Gone'), await service.owner('Drawing')]
  const { path: image_path, hash: content_hash } = await media.put(Buffer.from('same'), 'webp')
  const sector = await newSector(gone)
  const task = await gone.post<Row>('writer/tasks/', { ...sector, title: 'Illustrated' })
  const of = { account_id: gone.accountId, ...sector, task_id: task.body.id }
  const image = { image_type: 'featured', image_path, content_hash, prompt: 'x' }
  await sql`insert into images ${sql({ ...of, ...image, width: 1, height: 1, provider: 'local' })}`
  for (const file of files()) utimesSync(file, 0, 0)
  await sql`with run as (insert into runs (account_id, kind, total)
      values (${other.accountId}, 'generate_images', 1) returning id)
    insert into run_steps (account_id, run_id, kind, object_id, state, checkpoint)
    select ${other.accountId}, id, 'generate_images', 1, 'running',
      jsonb_build_object('made', jsonb_build_array(jsonb_build_object('image_path', ${image_path}::text)))
    from run`
  await sql`update accounts set status = 'cancelled', delete_after = now() where id = ${gone.accountId}`
  await eraseAccounts(deps(media))
  expect(await sql`select from images where account_id = ${gone.accountId}`).toHaveLength(0)
  expect(files()).toHaveLength(1)
})

it('updates at most a thousand runs of a site per transaction', async () => {
  const { sql } = service
  const busy = await service.owner('Busy')
  const { site_id } = await newSector(busy)
  await sql`insert into runs (account_id, site_id, kind, state, total)
    select ${busy.accountId}, ${site_id}, 'publish', 'SUCCESS', 1 from generate_series(1, 2500)`
  await sql.unsafe(`create table written (n int);
    grant insert on written to public;
    create function count_written() returns trigger language plpgsql as
      $$ begin insert into written select count(*) from new_rows; return null; end $$;
    create trigger count_written after update on runs referencing new table as new_rows
      for each statement execute function count_written()`)
  await sql`update accounts set status = 'cancelled', delete_after = now() where id = ${busy.accountId}`
  await eraseAccounts(deps(media))
  const [most] = await sql`select max(n) as n, sum(n)::int as total from written`
  expect(most).toEqual({ n: 1000, total: 2500 })
  await sql`drop trigger count_written on runs`
})
