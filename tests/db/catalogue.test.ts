import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { cloneTemplate } from '../helpers/database.ts'
import { NEW_TABLE } from './new-table.ts'

/** Tables without an account; everything else is a tenant's. */
const GLOBAL = [
  'industries',
  'industry_sectors',
  'login_attempts',
  'plans',
  'public_idempotency_keys',
  'schema_migrations',
]
/** A tenant's tables whose key is their own id: email and slug are unique everywhere. */
const OWN_KEY = ['accounts', 'users']

let sql: postgres.Sql
beforeAll(async () => {
  sql = postgres(await cloneTemplate(inject('postgresUrl')), { max: 1 })
})
afterAll(() => sql.end())

type Table = { name: string; enabled: boolean; forced: boolean; owner: string }

async function tenantTables(): Promise<Table[]> {
  return sql<Table[]>`
    select relname as name, relrowsecurity as enabled, relforcerowsecurity as forced,
      pg_get_userbyid(relowner) as owner
    from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
      and relname <> all(${GLOBAL}) order by relname`
}

describe('every tenant table', () => {
  it('forces row-level security', async () => {
    const tables = await tenantTables()
    expect(tables.length).toBeGreaterThan(15)
    expect(
      tables.filter((table) => !table.enabled || !table.forced),
      NEW_TABLE,
    ).toEqual([])
  })

  it('has a policy for each of the two roles, and none for everybody', async () => {
    const policies = await sql<{ name: string; roles: string[] }[]>`
      select tablename as name, array_agg(roles::text order by roles::text) as roles
      from pg_policies where schemaname = 'public' group by tablename order by tablename`
    const tables = await tenantTables()
    // What a cascade removes is counted, and what only grows is emptied of an erased account's texts,
    // as the owner, whom no request can become.
    const asOwner = ['account_totals', 'accounts', 'audit_log', 'credit_transactions', 'usage_logs']
    const owned = (name: string) => (asOwner.includes(name) ? ['{igny8_owner}'] : [])
    expect(policies, NEW_TABLE).toEqual(
      tables.map(({ name }) => ({
        name,
        roles: ['{igny8_app}', ...owned(name), '{igny8_platform}'],
      })),
    )
  })

  it('compares its account in the policy of the application', async () => {
    const policies = await sql<{ name: string; qual: string; check: string }[]>`
      select tablename as name, qual, with_check as check from pg_policies
      where policyname = 'account'`
    for (const { name, qual, check } of policies) {
      const column = name === 'accounts' ? 'id' : 'account_id'
      expect(qual, name).toContain(`(${column} = ( SELECT igny8_account()`)
      expect(check, name).toBe(qual)
    }
  })

  it('checks the granted sites in its policy where it has a site', async () => {
    const rows = await sql<{ name: string; qual: string }[]>`
      select p.tablename as name, p.qual from pg_policies p
      where p.policyname = 'account' and (p.tablename = 'sites' or exists (
        select from information_schema.columns c
        where c.table_name = p.tablename and c.column_name = 'site_id'))`
    expect(rows.length).toBeGreaterThan(8)
    for (const { name, qual } of rows) expect(qual, name).toContain('igny8_sites()')
  })

  it('is owned by a role that cannot log in and does not bypass policies', async () => {
    const owners = new Set((await tenantTables()).map(({ owner }) => owner))
    expect([...owners]).toEqual(['igny8_owner'])
    const roles = await sql`select rolname, rolcanlogin, rolbypassrls, rolsuper from pg_roles
      where rolname like 'igny8\\_%' order by rolname`
    expect(roles.map((role) => ({ ...role }))).toEqual(
      ['igny8_app', 'igny8_owner', 'igny8_platform'].map((rolname) => ({
        rolname,
        rolcanlogin: false,
        rolbypassrls: false,
        rolsuper: false,
      })),
    )
  })

  it('has its account in the primary key', async () => {
    const keys = await sql<{ name: string; columns: string[] }[]>`
      select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
      from pg_index i join pg_class c on c.oid = i.indrelid
      join pg_attribute a on a.attrelid = c.oid and a.attnum = any(i.indkey)
      where i.indisprimary and c.relnamespace = 'public'::regnamespace
        and c.relname <> all(${[...GLOBAL, ...OWN_KEY]}) group by c.relname`
    expect(keys.length).toBeGreaterThan(12)
    for (const { name, columns } of keys)
      expect(columns, `${name}${NEW_TABLE}`).toContain('account_id')
  })

  it('has its account in every foreign key to another tenant table', async () => {
    const keys = await sql<{ name: string; target: string; columns: string[] }[]>`
      select c.conrelid::regclass::text as name, c.confrelid::regclass::text as target,
        array_agg(a.attname::text) as columns
      from pg_constraint c
      join pg_attribute a on a.attrelid = c.conrelid and a.attnum = any(c.conkey)
      where c.contype = 'f' and c.connamespace = 'public'::regnamespace
        and c.confrelid::regclass::text <> all(${GLOBAL})
      group by c.oid, c.conrelid, c.confrelid`
    expect(keys.length).toBeGreaterThan(20)
    for (const { name, target, columns } of keys) {
      expect(columns, `${name} → ${target}${NEW_TABLE}`).toContain(
        name === 'accounts' ? 'id' : 'account_id',
      )
    }
  })

  it('keeps its account when a reference is cleared', async () => {
    const cleared = await sql<{ name: string; columns: string[] }[]>`
      select c.conrelid::regclass::text as name,
        array(select attname::text from pg_attribute
          where attrelid = c.conrelid and attnum = any(c.confdelsetcols)) as columns
      from pg_constraint c where c.contype = 'f' and c.confdeltype = 'n'`
    expect(cleared.length).toBeGreaterThan(3)
    for (const { name, columns } of cleared) {
      expect(columns, `${name}${NEW_TABLE}`).toHaveLength(1)
      expect(columns, `${name}${NEW_TABLE}`).not.toContain('account_id')
    }
  })

  it('keeps its rows over a crash', async () => {
    const lost = await sql`select relname from pg_class
      where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and relpersistence <> 'p'`
    expect([...lost]).toEqual([])
  })

  it('indexes what its foreign keys point from, so that a deletion stays fast', async () => {
    const rows = await sql<{ name: string; columns: string[] }[]>`
      select c.conrelid::regclass::text as name,
        array(select attname::text from pg_attribute
          where attrelid = c.conrelid and attnum = any(c.conkey) order by attnum) as columns
      from pg_constraint c
      where c.contype = 'f' and c.connamespace = 'public'::regnamespace
        -- Plans and industries are not deleted.
        and c.confrelid::regclass::text <> all(${GLOBAL}) and not exists (
        select from pg_index i where i.indrelid = c.conrelid
          and i.indisunique and i.indpred is null and i.indkey::int2[] <@ c.conkey)
        and not exists (
        select from pg_index i where i.indrelid = c.conrelid
          and (select array_agg(k order by k) from unnest((i.indkey::int2[])[0:cardinality(c.conkey) - 1]) k)
            = (select array_agg(k order by k) from unnest(c.conkey) k))`
    expect(
      rows.map(({ name, columns }) => `${name} (${columns})`),
      NEW_TABLE,
    ).toEqual([])
  })
})

it('grants the two roles what they need and no more', async () => {
  const all = 'DELETE, INSERT, SELECT, UPDATE'
  const grow = 'INSERT, SELECT'
  /** What the application and the platform may, where it is not all of it. */
  const grants: Record<string, { app: string; platform: string }> = {
    accounts: { app: 'SELECT, UPDATE', platform: all },
    audit_log: { app: grow, platform: grow },
    credit_transactions: { app: grow, platform: grow },
    industries: { app: 'SELECT', platform: all },
    industry_sectors: { app: 'SELECT', platform: all },
    login_attempts: { app: '', platform: all },
    plans: { app: 'SELECT', platform: all },
    public_idempotency_keys: { app: '', platform: all },
    schema_migrations: { app: '', platform: '' },
    usage_logs: { app: grow, platform: grow },
  }
  const granted = (role: string) => sql`coalesce((
    select string_agg(privilege_type, ', ' order by privilege_type)
    from information_schema.role_table_grants
    where table_schema = 'public' and table_name = relname and grantee = ${role}), '')`
  const tables = await sql<{ name: string; app: string; platform: string }[]>`
    select relname as name, ${granted('igny8_app')} as app, ${granted('igny8_platform')} as platform
    from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
    order by relname`
  expect([...tables], NEW_TABLE).toEqual(
    tables.map(({ name }) => ({ name, ...(grants[name] ?? { app: all, platform: all }) })),
  )
})

it('offers at least 12 industries with 3 to 8 sectors each', async () => {
  const rows = await sql<{ n: number }[]>`
    select count(s.id)::int as n from industries i join industry_sectors s on s.industry_id = i.id group by i.id`
  expect(rows.length).toBeGreaterThanOrEqual(12)
  for (const { n } of rows) expect(n).toBeGreaterThanOrEqual(3)
  for (const { n } of rows) expect(n).toBeLessThanOrEqual(8)
})
