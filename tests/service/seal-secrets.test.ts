import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import postgres, { type Sql } from 'postgres'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import {
  openSecrets,
  SEALED_COLUMNS,
  type SealedColumn,
  type Secrets,
  SecretUnreadableError,
} from '../../server/security/secrets.ts'
import { ROOT } from '../architecture/code-files.ts'
import { cloneTemplate } from '../helpers/database.ts'

const OLD = 'the old key that only the tests of this project use'
const NEW = 'the new key that only the tests of this project use'
const LOST = 'a key that was lost, which only the tests of this project use'
const ROWS = 450

let url: string
let sql: Sql
let older: Secrets
let newest: Secrets
beforeAll(async () => {
  url = await cloneTemplate(inject('postgresUrl'))
  sql = postgres(url, { max: 2, onnotice: () => {} })
  older = await openSecrets([OLD])
  newest = await openSecrets([NEW])
  const [plan] = await sql`select id from plans limit 1`
  const [account] = await sql`insert into accounts (name, slug, plan_id)
    values ('Sealed', 'sealed', ${plan!.id}) returning id`
  const accountId = Number(account!.id)
  await sql`update plans set max_sites = 1000000`
  for (let n = 0; n < ROWS; n++) {
    await sql`insert into sites (account_id, name, slug) values (${accountId}, ${`s ${n}`}, ${`s-${n}`})`
  }
  await sql`insert into integration_settings (account_id, integration_type, config)
    values (${accountId}, 'openai', '{}')`
  await sql`insert into runs (account_id, kind, total) values (${accountId}, 'connect_gsc', 1)`
  for (const place of SEALED_COLUMNS) await sealAll(older, place)
})
afterAll(() => sql?.end())

type Row = { account_id: string; id: string; blob: string }

const rowsOf = ({ table, column }: SealedColumn) =>
  sql<
    Row[]
  >`select account_id, id, ${sql(column)} as blob from ${sql(table)} order by account_id, id`

const at = (place: SealedColumn, row: Row) => ({
  ...place,
  accountId: Number(row.account_id),
  rowId: Number(row.id),
})

const plainOf = (place: SealedColumn, row: Row) => `${place.table} ${place.column} ${row.id}`

async function sealAll(secrets: Secrets, place: SealedColumn): Promise<void> {
  for (const row of await rowsOf(place)) await seal(secrets, place, row)
}

async function seal(secrets: Secrets, place: SealedColumn, row: Row): Promise<void> {
  const blob = await secrets.seal(at(place, row), plainOf(place, row))
  await sql`update ${sql(place.table)} set ${sql(place.column)} = ${blob} where id = ${row.id}`
}

const COMMAND = path.join(ROOT, 'server/security/seal-secrets.ts')
const environment = (keys: string[]) => ({
  PATH: process.env.PATH,
  DATABASE_URL: url,
  IGNY8_SECRET_KEYS: keys.join(),
})

function run(keys: string[], ...args: string[]) {
  const options = { env: environment(keys), encoding: 'utf8' } as const
  const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, ...args], options)
  return { status, stdout, stderr }
}

const underOld = async () => {
  const all = await Promise.all(SEALED_COLUMNS.map(rowsOf))
  return all.flat().filter(({ blob }) => !blob.startsWith(newest.newest)).length
}

it('prints its help', () => {
  expect(run([NEW], '--help')).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('npm run seal-secrets'),
  })
})

it('seals everything with the newest key, despite a kill and concurrent writes', {
  timeout: 240_000,
}, async () => {
  await sql.begin(async (holding) => {
    await holding`select from sites where name = 's 300' for update`
    const child = spawn(process.execPath, [COMMAND], {
      env: environment([NEW, OLD]),
      stdio: 'ignore',
    })
    const waiting = () => sql`select from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`
    await expect.poll(waiting, { timeout: 120_000 }).toHaveLength(1)
    child.kill('SIGKILL')
    await once(child, 'exit')
  })
  expect(await underOld()).toBeGreaterThan(0)

  // One is changed again and again meanwhile: what was written last stays.
  const [place] = SEALED_COLUMNS
  const changing = (await rowsOf(place)).at(-1)!
  const command = spawn(process.execPath, [COMMAND], {
    env: environment([NEW, OLD]),
    stdio: 'ignore',
  })
  while (command.exitCode === null && command.signalCode === null) {
    await seal(newest, place, changing)
    await delay(5)
  }
  expect(command.exitCode).toBe(0)
  expect(await underOld()).toBe(0)

  // The old key is dropped.
  for (const sealed of SEALED_COLUMNS) {
    const rows = await rowsOf(sealed)
    expect(rows.length).toBeGreaterThan(0)
    for (const row of rows) {
      expect(await newest.open(at(sealed, row), row.blob)).toBe(plainOf(sealed, row))
      await expect(older.open(at(sealed, row), row.blob)).rejects.toThrow(SecretUnreadableError)
    }
  }
  expect(run([NEW])).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('You can remove the older keys'),
  })
})

it('names secrets that no key decrypts, leaves them unchanged, and fails', async () => {
  const [place] = SEALED_COLUMNS
  const [row] = await rowsOf(place)
  await seal(await openSecrets([LOST]), place, row!)
  const [before] = await rowsOf(place)
  const { status, stderr } = run([NEW, OLD])
  expect(status).toBe(1)
  expect(stderr).toContain(
    `${place.table}.${place.column} of account ${row!.account_id}, id ${row!.id}`,
  )
  expect((await rowsOf(place))[0]!.blob).toBe(before!.blob)
  await seal(newest, place, row!)
})

it('lists every column with sealed secrets', async () => {
  const columns = await sql<{ table: string; column: string }[]>`
    select c.table_name as table, c.column_name as column from information_schema.columns c
    join information_schema.tables t using (table_schema, table_name)
    where c.table_schema = 'public' and c.data_type = 'text' and t.table_type = 'BASE TABLE'`
  const known = SEALED_COLUMNS.map(({ table, column }) => `${table}.${column}`)
  const names = columns.map(({ table, column }) => `${table}.${column}`)
  expect(names).toEqual(expect.arrayContaining(known))
  // By name; and a place that is not in the list does not compile.
  const secretly = names.filter((name) =>
    /(password|secret|api_key|_keys|refresh_token|sealed)$/.test(name),
  )
  expect(secretly.sort()).toEqual([...known].sort())
})
