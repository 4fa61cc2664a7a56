import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { generateDrizzleJson, generateMigration } from 'drizzle-kit/api'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { ROOT } from '../architecture/code-files.ts'
import { cloneTemplate } from '../helpers/database.ts'
import { NEW_TABLE } from './new-table.ts'

/** What Drizzle cannot say, and db/migrations/0001_constraints.sql says instead. */
const DEFERRED = ['accounts_id_owner_id_fkey', 'users_account_id_fkey']

const MISMATCH = `db/schema/ and db/migrations/ differ. Change the tables in db/schema/, then let
\`npx drizzle-kit generate --config db/drizzle.config.ts --name <what>\` write the SQL.
${NEW_TABLE}`

const folder = path.join(ROOT, 'db/schema')
const migrations = path.join(ROOT, 'db/migrations')

let sql: postgres.Sql
let declared: ReturnType<typeof generateDrizzleJson>
beforeAll(async () => {
  sql = postgres(await cloneTemplate(inject('postgresUrl')), { max: 1, onnotice: () => {} })
  const modules = readdirSync(folder).map((file) => import(path.join(folder, file)))
  declared = generateDrizzleJson(Object.assign({}, ...(await Promise.all(modules))))
})
afterAll(() => sql.end())

/** Every column, constraint and index of a schema of the database, a line each. */
async function facts(schema: string): Promise<string[]> {
  await sql`select set_config('search_path', ${`${schema}, public`}, false)`
  const rows = await sql<{ fact: string }[]>`
    select concat_ws(' ', 'column', c.relname || '.' || a.attname, format_type(atttypid, atttypmod),
      case when attnotnull then 'not null' end, 'default ' || pg_get_expr(adbin, adrelid),
      'identity ' || nullif(attidentity::text, ''), 'generated ' || nullif(attgenerated::text, '')) as fact
    from pg_attribute a join pg_class c on c.oid = attrelid
    left join pg_attrdef d on adrelid = attrelid and adnum = attnum
    where relnamespace = ${schema}::regnamespace and relkind in ('r', 'p') and attnum > 0
      and not attisdropped and relname <> 'schema_migrations'
    union all
    select concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid))
    from pg_constraint where connamespace = ${schema}::regnamespace and contype <> 'n'
      and conrelid::regclass::text <> 'schema_migrations'
    union all
    select pg_get_indexdef(indexrelid, 0, true)
    from pg_index join pg_class c on c.oid = indrelid
    where relnamespace = ${schema}::regnamespace and relname <> 'schema_migrations'`
  // Which column is cleared is checked in catalogue.test.ts.
  return rows.map(({ fact }) => fact.replace(/ON DELETE SET NULL \(\w+\)/, 'ON DELETE SET NULL'))
}

describe('the schema', () => {
  it('has the columns, keys, checks and indexes that the migrations make', async () => {
    const empty = generateDrizzleJson({})
    await sql.unsafe('create schema declared; set search_path = declared, public')
    for (const statement of await generateMigration(empty, declared)) {
      await sql.unsafe(statement.replaceAll('"public".', '"declared".'))
    }
    for (const name of DEFERRED) {
      await sql.unsafe(`alter table ${name.split('_')[0]} alter constraint ${name}
        deferrable initially deferred`)
    }
    const inSchema = await facts('declared')
    const inDatabase = await facts('public')
    expect(inSchema.length).toBeGreaterThan(500)
    expect(
      {
        'only in db/schema': inSchema.filter((fact) => !inDatabase.includes(fact)),
        'only in db/migrations': inDatabase.filter((fact) => !inSchema.includes(fact)),
      },
      MISMATCH,
    ).toEqual({ 'only in db/schema': [], 'only in db/migrations': [] })
  })

  it('is the one that drizzle-kit saw last, so that it generates what changed and no more', () => {
    const meta = path.join(migrations, 'meta')
    const last = readdirSync(meta)
      .filter((file) => file.endsWith('_snapshot.json'))
      .sort()
      .at(-1)!
    const { id, prevId, ...seen } = JSON.parse(readFileSync(path.join(meta, last), 'utf8'))
    const { id: _id, prevId: _prevId, ...now } = JSON.parse(JSON.stringify(declared))
    expect(now, MISMATCH).toEqual(seen)
  })

  it('has an entry in the drizzle journal for each migration', () => {
    const { entries } = JSON.parse(
      readFileSync(path.join(migrations, 'meta/_journal.json'), 'utf8'),
    )
    const files = readdirSync(migrations).filter((file) => file.endsWith('.sql'))
    expect(entries.map(({ tag }: { tag: string }) => `${tag}.sql`)).toEqual(files.sort())
  })
})
