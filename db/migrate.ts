import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import { drizzle } from 'drizzle-orm/postgres-js'
import { migrate as applyMigrations } from 'drizzle-orm/postgres-js/migrator'
import postgres from 'postgres'
import { seed } from './seed.ts'

const FOLDER = fileURLToPath(new URL('./migrations', import.meta.url))
/** Any number of processes may start at once; one migrates, the others wait. */
const LOCK = 4_937_180_001
/** While a migration waits for a lock on a table, every later query of that table waits behind it. */
const LOCK_LIMIT_MS = 5_000
const PAUSE_MS = 1_000

/** The database was migrated by another version. Nothing has been changed. */
export class ForeignMigrationsError extends Error {
  constructor() {
    super(
      'The database was set up by another version of igny8 and cannot be upgraded by this one. ' +
        'Start that version, or set DATABASE_URL or IGNY8_DATA_DIR to an empty database.',
    )
  }
}

/**
 * Brings the database at `url` up to date: roles, tables, policies, then the platform's own rows.
 * The user of `url` must be allowed to create roles, unless an administrator has created the three.
 * When a table stays locked for `lockMs`, calls `blocked` and tries again. Throws
 * `ForeignMigrationsError`.
 */
export async function migrate(
  url: string,
  { blocked = () => {}, lockMs = LOCK_LIMIT_MS }: { blocked?(): void; lockMs?: number } = {},
): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  try {
    await sql`select pg_advisory_lock(${LOCK})`
    await createRoles(sql)
    await sql`set role igny8_owner`
    await refuseForeignMigrations(sql)
    await sql.unsafe(`set lock_timeout = ${lockMs}`)
    while (!(await applied(sql))) {
      blocked()
      await delay(PAUSE_MS)
    }
  } finally {
    await sql.end()
  }
}

/** Returns false when a table stayed locked. */
async function applied(sql: postgres.Sql): Promise<boolean> {
  try {
    await applyMigrations(drizzle(sql), {
      migrationsFolder: FOLDER,
      migrationsSchema: 'public',
      migrationsTable: 'schema_migrations',
    })
    await seed(drizzle(sql))
    return true
  } catch (error) {
    const { code, cause } = error as { code?: string; cause?: { code?: string } }
    if ([code, cause?.code].includes('55P03')) return false
    throw error
  }
}

/** Drizzle compares dates only, so it would apply these migrations to any older database. */
async function refuseForeignMigrations(sql: postgres.Sql): Promise<void> {
  const [table] = await sql`select to_regclass('public.schema_migrations') as name`
  if (!table!.name) return
  const known = new Set(readMigrationFiles({ migrationsFolder: FOLDER }).map(({ hash }) => hash))
  const applied = await sql<{ hash: string }[]>`select hash from schema_migrations`
  if (applied.some(({ hash }) => !known.has(hash))) throw new ForeignMigrationsError()
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
