import { fileURLToPath } from 'node:url'
import { drizzle } from 'drizzle-orm/postgres-js'
import { migrate as applyMigrations } from 'drizzle-orm/postgres-js/migrator'
import postgres from 'postgres'
import { seed } from './seed.ts'

const FOLDER = fileURLToPath(new URL('./migrations', import.meta.url))
/** Any number of processes may start at once; one migrates, the others wait. */
const LOCK = 4_937_180_001

/**
 * Brings the database at `url` up to date: roles, tables, policies, then the platform's own rows.
 * The user of `url` must be allowed to create roles, unless an administrator has created the three.
 */
export async function migrate(url: string): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  try {
    await sql`select pg_advisory_lock(${LOCK})`
    await createRoles(sql)
    await sql`set role igny8_owner`
    await applyMigrations(drizzle(sql), {
      migrationsFolder: FOLDER,
      migrationsSchema: 'public',
      migrationsTable: 'schema_migrations',
    })
    await seed(drizzle(sql))
  } finally {
    await sql.end()
  }
}

async function createRoles(sql: postgres.Sql): Promise<void> {
  for (const role of ['igny8_owner', 'igny8_app', 'igny8_platform']) {
    // Roles belong to the whole server: another database's migration may create one at this moment.
    await sql.unsafe(`do $$ begin create role ${role} nologin;
      exception when duplicate_object or unique_violation then null; end $$`)
    await sql.unsafe(`do $$ begin
      if not pg_has_role(current_user, '${role}', 'set') then grant ${role} to current_user; end if; end $$`)
  }
  await sql.unsafe('grant create, usage on schema public to igny8_owner')
  await sql.unsafe(`do $$ begin
    execute format('grant create on database %I to igny8_owner', current_database()); end $$`)
}
