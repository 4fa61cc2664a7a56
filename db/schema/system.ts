import { sql } from 'drizzle-orm'
import {
  boolean,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  unique,
  uniqueIndex,
} from 'drizzle-orm/pg-core'
import type { Role } from './auth.ts'
import { actingApiKey, at, id, ref, timestamps } from './columns.ts'
import type { CONTENT_STRUCTURES } from './planner.ts'

export const RUN_STATES = ['PENDING', 'PROGRESS', 'SUCCESS', 'FAILURE', 'CANCELLED'] as const
export type RunState = (typeof RUN_STATES)[number]
export const RUN_KINDS = [
  'cluster_keywords',
  'generate_ideas',
  'generate_content',
  'generate_images',
  'publish',
  'verify_post',
  'unpublish',
  'discover_wordpress',
  'link_wordpress',
  'unlink_wordpress',
  'test_connection',
  'test_image',
  'connect_gsc',
  'import_gsc',
  'examine_wordpress',
  'probe_wordpress',
] as const
export type RunKind = (typeof RUN_KINDS)[number]
/** Runs that ask a site whether it works, and leave nothing that the ledger refers to. */
export const PROBES = [
  'connect_gsc',
  'discover_wordpress',
  'examine_wordpress',
  'link_wordpress',
  'probe_wordpress',
  'test_connection',
  'unlink_wordpress',
  'verify_post',
] as const satisfies RunKind[]
export const isProbe = sql.raw(`kind in (${PROBES.map((kind) => `'${kind}'`).join(', ')})`)
export const STEP_STATES = [
  'waiting',
  'pending',
  'running',
  'succeeded',
  'failed',
  'cancelled',
] as const
export type StepState = (typeof STEP_STATES)[number]

/** Why a step waits for something other than a worker: a person's approval, or its site. */
export const HOLDS = ['approval', 'paused'] as const

export type Failure = { code: string; message: string }
export type ProgressEntry = { at: string; step: string; message: string }

/** So much of a limit of the plan, in the period that begins on a day (`YYYY-MM-DD`, UTC). */
export type Reservation = { metric: string; period_start: string; amount: number }

/** What the API calls `task_id`: accepted work that the caller follows. */
export const runs = pgTable(
  'runs',
  {
    account_id: ref().notNull(),
    id: id(),
    /** Null when a run spans sites. */
    site_id: ref(),
    kind: text({ enum: RUN_KINDS }).notNull(),
    state: text({ enum: RUN_STATES }).notNull().default('PENDING'),
    /** What was asked for, without secrets. */
    params: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    /** Encrypted; emptied when the run ends. */
    secret: text(),
    /** Credits held when the run was accepted. */
    quote: integer().notNull().default(0),
    phase: text().notNull().default('queued'),
    current: integer().notNull().default(0),
    total: integer().notNull(),
    message: text().notNull().default(''),
    request_steps: jsonb().$type<ProgressEntry[]>().notNull().default([]),
    response_steps: jsonb().$type<ProgressEntry[]>().notNull().default([]),
    result: jsonb().$type<Record<string, unknown>>(),
    error: jsonb().$type<Failure>(),
    created_by_id: ref(),
    api_key_id: actingApiKey(),
    finished_at: at(),
    ...timestamps,
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.id] }),
    index('runs_site').on(t.account_id, t.site_id),
    // They are swept: see `jobs/retention.ts`.
    index('runs_probes').on(t.finished_at).where(isProbe),
    index('runs_created').on(t.account_id, t.created_at.desc(), t.id.desc()),
  ],
)

/** One unit of a run: what is retried, charged, cancelled and fenced by itself. */
export const run_steps = pgTable(
  'run_steps',
  {
    account_id: ref().notNull(),
    id: id(),
    run_id: ref().notNull(),
    kind: text({ enum: RUN_KINDS }).notNull(),
    /** The cluster, task or site the step works on; for clustering the sector. */
    object_id: ref().notNull(),
    /** The step that must succeed first; until then this one is `waiting`. */
    after_step_id: ref(),
    state: text({ enum: STEP_STATES }).notNull().default('pending'),
    /** Credits held for the step. */
    price: integer().notNull().default(0),
    /** What it takes of the plan's daily and monthly limits until it ends. */
    reserved: jsonb().$type<Reservation[]>().notNull().default([]),
    /** Goes up when a worker takes the step; every write of the job is fenced by it. */
    attempt: integer().notNull().default(0),
    /** Failures that were retried. */
    retries: integer().notNull().default(0),
    /** Workers that died on the step since it last showed that it was not its doing. */
    deaths: integer().notNull().default(0),
    /** Whose advisory lock says that the worker is alive. */
    worker_id: ref(),
    /** Not taken while it stands: what releases it sets it to null. */
    held: text({ enum: HOLDS }),
    /** When a worker first took it, or `held` was lifted last. */
    released_at: at(),
    /** Not taken before; of a publication its slot in the site's drip. */
    not_before: at(),
    /** Not taken before, because an attempt is retried later. */
    retry_at: at(),
    params: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    /** What earlier attempts have made, so that a later one need not make it again. */
    made: jsonb().$type<Record<string, unknown>>(),
    result: jsonb().$type<Record<string, unknown>>(),
    error: jsonb().$type<Failure>(),
    ...timestamps,
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.id] }),
    index('run_steps_run').on(t.account_id, t.run_id),
    index('run_steps_after').on(t.account_id, t.after_step_id),
    index('run_steps_made').on(t.id).where(sql`made is not null`),
    index('run_steps_test_image')
      .on(sql`(${t.result} ->> 'image_url')`)
      .where(sql`kind = 'test_image'`),
    index('run_steps_running').on(t.worker_id).where(sql`state = 'running'`),
    index('run_steps_open')
      .on(t.state, t.kind)
      .where(sql`state in ('waiting', 'pending', 'running')`),
    index('run_steps_pending').on(t.account_id, t.kind).where(sql`state = 'pending'`),
    uniqueIndex('run_steps_one_at_a_time')
      .on(t.account_id, t.kind, t.object_id)
      .where(sql`state in ('waiting', 'pending', 'running')`),
  ],
)

export const INTEGRATION_TYPES = ['openai', 'runware', 'gsc', 'image_generation'] as const
export type IntegrationType = (typeof INTEGRATION_TYPES)[number]

/** `hash` is that of the state which the answer must bring; it is taken once. */
export type OauthState = {
  hash: string
  user_id: number
  /** Of the user then: who has another one meanwhile connects nothing any more. */
  role: Role
  redirect_uri: string
  expires_at: string
}

export const integration_settings = pgTable(
  'integration_settings',
  {
    account_id: ref().notNull(),
    id: id(),
    integration_type: text({ enum: INTEGRATION_TYPES }).notNull(),
    /** Without secrets. */
    config: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    /** The provider's key, encrypted; read back as its last four characters. */
    api_key: text(),
    api_key_last4: text(),
    /** Of an OAuth client, encrypted. */
    client_secret: text(),
    client_secret_last4: text(),
    /** What the owner of the data granted the OAuth client, encrypted. */
    refresh_token: text(),
    refresh_token_last4: text(),
    /** The grant that was asked for and not answered yet. */
    oauth_state: jsonb().$type<OauthState>(),
    is_active: boolean().notNull().default(true),
    ...timestamps,
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.id] }),
    unique('integration_settings_type_key').on(t.account_id, t.integration_type),
  ],
)

export const PROMPT_TYPES = [
  'clustering',
  'ideas',
  'content_generation',
  'image_prompt_extraction',
  'image_prompt_template',
  'negative_prompt',
] as const
export type PromptType = (typeof PROMPT_TYPES)[number]

/** Those that an account saved; for the others the defaults in code hold. */
export const ai_prompts = pgTable(
  'ai_prompts',
  {
    account_id: ref().notNull(),
    id: id(),
    prompt_type: text({ enum: PROMPT_TYPES }).notNull(),
    /** Null follows the default, as it is in code. */
    prompt_value: text(),
    is_active: boolean().notNull().default(true),
    ...timestamps,
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.id] }),
    unique('ai_prompts_type_key').on(t.account_id, t.prompt_type),
  ],
)

/** A section that an article is to have: its h2, what it is to say, and about how many words long. */
export type Section = { heading: string; guidance?: string; words?: number }
export type StructureTemplate = { sections: Section[] }
/** The sections of an article by its structure; `default` for structures that have no entry. */
export type SectionLogic = Partial<
  Record<(typeof CONTENT_STRUCTURES)[number] | 'default', Section[]>
>

export const author_profiles = pgTable(
  'author_profiles',
  {
    account_id: ref().notNull(),
    id: id(),
    name: text().notNull(),
    description: text().notNull().default(''),
    tone: text().notNull().default(''),
    /** Empty: that of the title. */
    language: text().notNull().default(''),
    structure_template: jsonb().$type<StructureTemplate>().notNull().default({ sections: [] }),
    /** Writes where neither the task nor the strategy names a profile. */
    is_default: boolean().notNull().default(false),
    is_active: boolean().notNull().default(true),
    ...timestamps,
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.id] }),
    uniqueIndex('author_profiles_default').on(t.account_id).where(sql`is_default`),
  ],
)

/** How the articles of a sector are planned and written; without a sector, those of all others. */
export const strategies = pgTable(
  'strategies',
  {
    account_id: ref().notNull(),
    id: id(),
    name: text().notNull(),
    description: text().notNull().default(''),
    sector_id: ref(),
    author_profile_id: ref(),
    /** Templates that go before the account's, by type. */
    prompt_types: jsonb().$type<Partial<Record<PromptType, string>>>().notNull().default({}),
    section_logic: jsonb().$type<SectionLogic>().notNull().default({}),
    is_active: boolean().notNull().default(true),
    ...timestamps,
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.id] }),
    index('strategies_sector').on(t.account_id, t.sector_id),
    index('strategies_author_profile').on(t.account_id, t.author_profile_id),
    uniqueIndex('strategies_one_active')
      .on(t.account_id, sql`coalesce(${t.sector_id}, 0)`)
      .where(sql`is_active`),
  ],
)

/** What POSTs with an Idempotency-Key were answered, for as long as a retry may come. */
export const idempotency_keys = pgTable(
  'idempotency_keys',
  {
    account_id: ref().notNull(),
    /** The user or API key that sent it: another's same key is another key. */
    actor: text().notNull(),
    key: text().notNull(),
    /** Of the request with its body. */
    fingerprint: text().notNull(),
    status: integer().notNull(),
    headers: jsonb().$type<Record<string, string>>().notNull(),
    /** Null where the answer showed a secret, and is not kept. */
    body: text(),
    created_at: at().notNull().defaultNow(),
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.actor, t.key] }),
    index('idempotency_keys_created').on(t.created_at),
  ],
)

/** The keys of POSTs that nobody signs in for, by the network they came from. No answer is kept. */
export const public_idempotency_keys = pgTable(
  'public_idempotency_keys',
  {
    address: text().notNull(),
    key: text().notNull(),
    fingerprint: text().notNull(),
    status: integer().notNull(),
    created_at: at().notNull().defaultNow(),
  },
  (t) => [
    primaryKey({ columns: [t.address, t.key] }),
    index('public_idempotency_keys_created').on(t.created_at),
  ],
)
