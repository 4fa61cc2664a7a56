import { unzipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ERASED, KEPT } from '../../jobs/scheduled/erase-accounts.ts'
import { NOT_EXPORTED, SECRET_COLUMNS } from '../../server/accounts/export-account.ts'
import { belongingsOf } from '../attacks/belongings.ts'
import { addUser, type Client, type Json, PASSWORD, request } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { until } from '../helpers/until.ts'
import { importCsv, newSector, type Row } from '../planner/sector.ts'

let service: TestService
beforeAll(async () => {
  service = await startTestService()
})
afterAll(() => service.stop())

const tenantTables = async () =>
  (
    await service.sql<{ name: string }[]>`select relname as name from pg_class
      where relnamespace = 'public'::regnamespace and relkind = 'r' and relforcerowsecurity
      order by relname`
  ).map(({ name }) => name)

async function exported(client: Client): Promise<Record<string, Uint8Array>> {
  const response = await fetch(`${service.url}/api/v1/auth/accounts/${client.accountId}/export/`, {
    headers: { authorization: `Bearer ${client.token}` },
  })
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('application/zip')
  return unzipSync(new Uint8Array(await response.arrayBuffer()))
}
const rowsOf = (files: Record<string, Uint8Array>, table: string): Json[] =>
  new TextDecoder()
    .decode(files[`${table}.ndjson`])
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))

/** An account with something in it of every kind, and an article with images. */
async function furnished(name: string): Promise<Client> {
  const owner = await service.owner(name)
  await belongingsOf(service, owner)
  const sector = await newSector(owner, `${name} two`)
  await importCsv(
    owner,
    sector,
    `keyword\n${Array.from({ length: 2_500 }, (_, n) => `${name} ${n}`).join('\n')}`,
  )
  const task = await owner.post<Row>('writer/tasks/', { ...sector, title: `${name} written` })
  await owner.run('writer/tasks/auto_generate_content/', { ids: [task.body.id], then: ['images'] })
  return owner
}

describe('the export of an account', () => {
  it('contains every row of every table and the images, and nothing of another account', async () => {
    await furnished('Theirs')
    const owner = await furnished('Ours')
    const files = await exported(owner)
    const tables = (await tenantTables()).filter((table) => !NOT_EXPORTED.includes(table))
    expect(
      Object.keys(files)
        .filter((file) => file.endsWith('.ndjson'))
        .sort(),
    ).toEqual(tables.map((table) => `${table}.ndjson`).sort())
    for (const table of tables) {
      const column = table === 'accounts' ? 'id' : 'account_id'
      const [{ n }] = await service.sql<[{ n: number }]>`select count(*)::int as n
        from ${service.sql(table)} where ${service.sql(column)} = ${owner.accountId}`
      expect(rowsOf(files, table).length, table).toBe(n)
    }
    expect(rowsOf(files, 'keywords').length).toBeGreaterThan(2_500)
    const media = Object.entries(files).filter(([name]) => name.startsWith('media/'))
    expect(media.length).toBeGreaterThanOrEqual(4)
    const paths = rowsOf(files, 'images').map(({ image_path }) => `media/${image_path}`)
    for (const [name, bytes] of media) {
      expect(paths).toContain(name)
      expect(new TextDecoder('latin1').decode(bytes.subarray(0, 4))).toBe('RIFF')
    }
    const text = tables.map((table) => new TextDecoder().decode(files[`${table}.ndjson`])).join('')
    expect(text).not.toContain('Theirs')
  })

  it('leaves out every column with credentials', async () => {
    const columns = await service.sql<{ name: string; table: string }[]>`
      select a.attname as name, c.relname as table from pg_attribute a join pg_class c on c.oid = a.attrelid
      where c.relnamespace = 'public'::regnamespace and c.relforcerowsecurity and a.attnum > 0`
    const secretive = columns.filter(
      ({ name, table }) =>
        /hash|secret|password|token|api_key$/.test(name) &&
        !/last4|content_hash|^tokens_/.test(name) &&
        !NOT_EXPORTED.includes(table),
    )
    expect(secretive.length).toBeGreaterThan(4)
    expect(secretive.filter(({ name }) => !SECRET_COLUMNS.includes(name))).toEqual([])
    const owner = await service.owner('Secretive')
    const user = rowsOf(await exported(owner), 'users')[0]!
    expect(user.email).toBe(owner.email)
    expect(user).not.toHaveProperty('password_hash')
  })

  it('requires the owner of the account', async () => {
    const owner = await service.owner('Owned')
    const admin = await addUser(owner, 'admin')
    expect((await admin.get(`auth/accounts/${owner.accountId}/export/`)).status).toBe(403)
    const stranger = await service.owner('Stranger')
    expect((await stranger.get(`auth/accounts/${owner.accountId}/export/`)).status).toBe(404)
  })
})

const remove = (client: Client, confirm: string) =>
  client.call<Json>('DELETE', `auth/accounts/${client.accountId}/?confirm=${confirm}`)
const slugOf = async (client: Client) =>
  (await client.get<Json>(`auth/accounts/${client.accountId}/`)).body.slug as string

describe('the deletion of an account', () => {
  it('closes it at once: it can be read and restored, but not changed', async () => {
    const owner = await service.owner('Leaving')
    const sector = await newSector(owner)
    expect((await remove(owner, 'wrong')).status).toBe(400)
    const admin = await addUser(owner, 'admin')
    expect((await remove(admin, await slugOf(owner))).status).toBe(403)
    const key = await owner.post<{ key: string }>('auth/api_keys/', {
      name: 'Key',
      access: 'write',
    })
    const closed = await remove(owner, await slugOf(owner))
    expect(closed).toMatchObject({ status: 200, body: { status: 'cancelled' } })
    const days = (Date.parse(String(closed.body.delete_after)) - Date.now()) / 86_400_000
    expect(days).toBeCloseTo(30, 1)
    expect((await owner.get('planner/keywords/')).status).toBe(200)
    const written = await owner.post('planner/keywords/', { ...sector, keyword: 'x' })
    expect(written).toMatchObject({ status: 403, body: { code: 'account_suspended' } })
    const byKey = await request(service.url, 'GET', 'planner/keywords/', undefined, {
      authorization: `Bearer ${key.body.key}`,
    })
    expect(byKey.status).toBe(401)
    await exported(owner)
    const restored = await owner.post(`auth/accounts/${owner.accountId}/restore/`)
    expect(restored).toMatchObject({ status: 200, body: { status: 'active', delete_after: null } })
    expect((await owner.post('planner/keywords/', { ...sector, keyword: 'x' })).status).toBe(201)
  })

  it('does not lift a suspension when the account is restored', async () => {
    for (const status of ['suspended', 'trial', 'active']) {
      const owner = await service.owner(`Was ${status}`)
      await service.sql`update accounts set status = ${status} where id = ${owner.accountId}`
      expect((await remove(owner, await slugOf(owner))).body.status).toBe('cancelled')
      const restored = await owner.post(`auth/accounts/${owner.accountId}/restore/`)
      expect(restored).toMatchObject({ status: 200, body: { status } })
    }
  })

  it('cancels steps that have not started and releases their credits', async () => {
    const api = await startTestService({ role: 'api' })
    const owner = await api.owner('Busy')
    const sector = await newSector(owner)
    const task = await owner.post<Row>('writer/tasks/', { ...sector, title: 'Never written' })
    const run = await owner.post<{ task_id: number }>('writer/tasks/auto_generate_content/', {
      ids: [task.body.id],
    })
    await remove(owner, await slugOf(owner))
    const { body } = await owner.get(`system/settings/task_progress/${run.body.task_id}/`)
    expect(body.state).toBe('CANCELLED')
    expect((await owner.get('billing/balance/')).body).toMatchObject({ balance: 500, held: 0 })
    await api.stop()
  })

  it('erases everything except ledger and audit log after the grace period, and frees the email addresses', async () => {
    const owner = await furnished('Erased')
    const other = await furnished('Staying')
    const count = async (table: string, id: number) => {
      const column = table === 'accounts' ? 'id' : 'account_id'
      const [{ n }] = await service.sql<[{ n: number }]>`select count(*)::int as n
        from ${service.sql(table)} where ${service.sql(column)} = ${id}`
      return n
    }
    const tables = await tenantTables()
    const before = await Promise.all(tables.map((table) => count(table, other.accountId)))
    const ledger = await count('credit_transactions', owner.accountId)
    await remove(owner, await slugOf(owner))
    // Who takes the name of an erased account is in nobody's way.
    await service.owner(`erased-${owner.accountId}`)
    await service.sql`update accounts set delete_after = now() where id = ${owner.accountId}`
    const late = await owner.post(`auth/accounts/${owner.accountId}/restore/`)
    expect([401, 409]).toContain(late.status)
    const erased = async () =>
      (await service.sql`select erased_at from accounts where id = ${owner.accountId}`)[0]!
        .erased_at
    await until(erased, { what: 'the erasure of the account' })
    for (const table of tables.filter((table) => !KEPT.includes(table))) {
      expect(await count(table, owner.accountId), table).toBe(0)
    }
    expect(await count('credit_transactions', owner.accountId)).toBe(ledger)
    expect(await Promise.all(tables.map((table) => count(table, other.accountId)))).toEqual(before)
    const kept = await Promise.all(
      KEPT.map((table) => {
        const column = service.sql(table === 'accounts' ? 'id' : 'account_id')
        return service.sql`select * from ${service.sql(table)} where ${column} = ${owner.accountId}`
      }),
    )
    expect(JSON.stringify(kept.filter((_, index) => KEPT[index] !== 'audit_log'))).not.toContain(
      'Erased',
    )
    const again = await request(service.url, 'POST', 'auth/register/', {
      email: owner.email,
      password: PASSWORD,
      account_name: 'Again',
    })
    expect(again.status).toBe(201)
  })

  it('lists every table as erased or kept', async () => {
    const owner = await service.owner('Known')
    await belongingsOf(service, owner)
    const withSite = await service.sql<{ name: string }[]>`select distinct c.relname as name
      from pg_constraint k join pg_class c on c.oid = k.conrelid
      where k.contype = 'f' and k.confdeltype = 'c'`
    const cascading = withSite.map(({ name }) => name)
    const unknown = (await tenantTables()).filter(
      (table) =>
        !KEPT.includes(table) &&
        !(ERASED as readonly string[]).includes(table) &&
        !cascading.includes(table) &&
        table !== 'users',
    )
    expect(unknown).toEqual([])
  })
})
