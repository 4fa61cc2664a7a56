import { sql } from 'drizzle-orm'
import {
  check,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core'
import { accounts } from './accounts.ts'
import { actingApiKey, at, id, ref, reference, timestamps } from './columns.ts'
import { sites } from './sites.ts'

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

/** Kinds of runs that cost no credits and are deleted after 30 days. */
export const EXPIRING_KINDS = [
  'connect_gsc',
  'discover_wordpress',
  'examine_wordpress',
  'link_wordpress',
  'probe_wordpress',
  'test_connection',
  'unlink_wordpress',
  'verify_post',
] as const satisfies RunKind[]
export const isExpiring = sql.raw(
  `kind in (${EXPIRING_KINDS.map((kind) => `'${kind}'`).join(', ')})`,
)

export const STEP_STATES = [
  'waiting',
  'pending',
  'running',
  'succeeded',
  'failed',
  'cancelled',
] as const
export type StepState = (typeof STEP_STATES)[number]

/** States of a step that has not ended. */
export const OPEN_STATES = ['waiting', 'pending', 'running'] as const satisfies StepState[]
/** `OPEN_STATES` in SQL: `state in ${openStates}`. */
export const openStates = sql.raw(`(${OPEN_STATES.map((state) => `'${state}'`).join(', ')})`)

/** Why a step waits for something other than a worker: a person's approval, or its site. */
export const HOLDS = ['approval', 'paused'] as const

export type Failure = { code: string; message: string }
export type ProgressEntry = { at: string; step: string; message: string }

/** An amount of a plan limit, in the period that begins on a day (`YYYY-MM-DD`, UTC). */
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
    /** The request, without secrets. */
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
    reference([t.account_id], [accounts.id]),
    reference([t.account_id, t.site_id], [sites.account_id, sites.id]).onDelete('set null'),
    index('runs_site').on(t.account_id, t.site_id),
    // Used to delete expired runs: see `jobs/scheduled/retention.ts`.
    index('runs_expiring').on(t.finished_at).where(isExpiring),
    index('runs_created').on(t.account_id, t.created_at.desc(), t.id.desc()),
  ],
)

/** One unit of a run. Each step is retried, charged, cancelled and fenced on its own. */
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
    /** Amounts reserved from the plan's daily and monthly limits until the step ends. */
    reserved: jsonb().$type<Reservation[]>().notNull().default([]),
    /** Incremented when a worker claims the step; fences every write of the job. */
    attempt: integer().notNull().default(0),
    /** Number of failures that were retried. */
    retries: integer().notNull().default(0),
    /** Workers that died while running the step, since it last ended without killing one. */
    deaths: integer().notNull().default(0),
    /** Whose advisory lock says that the worker is alive. */
    worker_id: ref(),
    /** The step is not claimed while this is set. */
    held: text({ enum: HOLDS }),
    /** When a worker first claimed it, or when `held` was last cleared. */
    released_at: at(),
    /** Not claimed before this time. For a publication: its slot in the site's drip. */
    not_before: at(),
    /** Not claimed before this time, because an attempt is retried then. */
    retry_at: at(),
    params: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    /** Checkpoint: partial results of earlier attempts. */
    checkpoint: jsonb().$type<Record<string, unknown>>(),
    result: jsonb().$type<Record<string, unknown>>(),
    error: jsonb().$type<Failure>(),
    ...timestamps,
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.id] }),
    reference([t.account_id, t.run_id], [runs.account_id, runs.id]),
    reference([t.account_id, t.after_step_id], [t.account_id, t.id]),
    check('run_steps_price_check', sql`price >= 0`),
    index('run_steps_run').on(t.account_id, t.run_id),
    index('run_steps_after').on(t.account_id, t.after_step_id),
    index('run_steps_checkpoint').on(t.id).where(sql`checkpoint is not null`),
    index('run_steps_test_image')
      .on(sql`(${t.result} ->> 'image_url')`)
      .where(sql`kind = 'test_image'`),
    index('run_steps_running').on(t.worker_id).where(sql`state = 'running'`),
    index('run_steps_open').on(t.state, t.kind).where(sql`state in ${openStates}`),
    index('run_steps_pending').on(t.account_id, t.kind).where(sql`state = 'pending'`),
    uniqueIndex('run_steps_one_at_a_time')
      .on(t.account_id, t.kind, t.object_id)
      .where(sql`state in ${openStates}`),
  ],
)
