import { z } from '@hono/zod-openapi'
import { and, desc, eq, sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { HOLDS, OPEN_STATES, openStates, run_steps } from '../../db/schema/runs.ts'
import { sites } from '../../db/schema/sites.ts'
import { TASK_STATUSES, tasks } from '../../db/schema/writer.ts'
import type { Deps } from '../deps.ts'
import { nullableTime, time } from '../http/schemas.ts'
import type { BridgeSite } from './bridge-site.ts'
import { Examined } from './schemas.ts'

const PAGE = 50
/** How an article stands there: a published one whose time has not come is scheduled. */
const STATES = [...TASK_STATUSES, 'scheduled'] as const
const state = sql<(typeof STATES)[number]>`case when tasks.status = 'published'
  and tasks.wp_status = 'future' then 'scheduled' else tasks.status end`

export const OverviewRequest = z.strictObject({
  status: z.enum(STATES).optional().openapi({ description: 'Only tasks with this status.' }),
  page: z.int().min(1).max(10_000).optional(),
})

const Work = z
  .object({
    kind: z.string(),
    state: z.enum(OPEN_STATES),
    held: z.enum(HOLDS).nullable(),
    not_before: z.string().nullable(),
    /** Of its run, in one sentence. */
    message: z.string(),
    percentage: z.int(),
  })
  .nullable()
const OverviewTask = z.object({
  task_id: z.int(),
  title: z.string(),
  status: z.enum(TASK_STATUSES),
  wp_status: z.string().nullable(),
  post_id: z.int().nullable(),
  post_url: z.string().nullable(),
  approved_by: z.string().nullable(),
  error: z.string().nullable(),
  has_article: z.boolean(),
  updated_at: time,
  work: Work.openapi({ description: 'The step that is running or waiting for this task.' }),
})

/** What the plugin's page in wp-admin shows. */
export const Overview = z
  .object({
    site: z.object({
      name: z.string(),
      requires_approval: z.boolean(),
      publish_per_day: z.int().nullable(),
      wp_paused_at: nullableTime,
      wp_pause_reason: z.object({ code: z.string(), message: z.string() }).nullable(),
    }),
    examination: z
      .object({ at: time, healthy: Examined.shape.healthy, checks: Examined.shape.checks })
      .nullable(),
    counts: z.partialRecord(z.enum(STATES), z.int()),
    tasks: z.array(OverviewTask),
    has_more: z.boolean(),
  })
  .openapi('BridgeOverview')

/** How a site and its tasks stand, the newest change first; for the site's own plugin. */
export function overviewOf(
  deps: Deps,
  { accountId, siteId }: BridgeSite,
  { status, page = 1 }: z.infer<typeof OverviewRequest>,
) {
  const read = async (tx: Tx) => {
    const [[site], [examined], counts, found] = await Promise.all([
      tx.select().from(sites).where(eq(sites.id, siteId)),
      tx
        .select({ at: run_steps.updated_at, result: run_steps.result })
        .from(run_steps)
        .where(
          and(
            eq(run_steps.kind, 'examine_wordpress'),
            eq(run_steps.object_id, siteId),
            eq(run_steps.state, 'succeeded'),
          ),
        )
        .orderBy(desc(run_steps.id))
        .limit(1),
      tx
        .select({ state: state.as('state'), n: sql<number>`count(*)::int` })
        .from(tasks)
        .where(eq(tasks.site_id, siteId))
        .groupBy(sql`1`),
      tasksOf(tx, siteId, status, page),
    ])
    const { name, requires_approval, publish_per_day, wp_paused_at, wp_pause_reason } = site!
    return {
      site: { name, requires_approval, publish_per_day, wp_paused_at, wp_pause_reason },
      examination: examined ? findingsOf(examined, site!.wp_url) : null,
      counts: Object.fromEntries(counts.map(({ state, n }) => [state, n])),
      tasks: found.slice(0, PAGE),
      has_more: found.length > PAGE,
    }
  }
  return deps.database.withAccount({ accountId }, read, { readOnly: true })
}

/** Null for those of another WordPress, or of a doctor that had other checks. */
function findingsOf({ at, result }: { at: Date; result: unknown }, wpUrl: string | null) {
  const { data } = Examined.safeParse(result)
  if (!data || data.wp_url !== wpUrl) return null
  return { at, healthy: data.healthy, checks: data.checks }
}

function tasksOf(
  tx: Tx,
  siteId: number,
  status: (typeof STATES)[number] | undefined,
  page: number,
) {
  // As text: drizzle leaves out the tables of columns in a selection from one table.
  const work = sql<
    z.infer<typeof Work>
  >`(select jsonb_build_object('kind', s.kind, 'state', s.state,
      'held', s.held, 'not_before', s.not_before, 'message', r.message,
      'percentage', r.current * 100 / greatest(r.total, 1))
    from run_steps s join runs r on r.account_id = s.account_id and r.id = s.run_id
    where s.account_id = tasks.account_id and s.object_id = tasks.id
      and s.kind in ('generate_content', 'generate_images', 'publish', 'unpublish')
      and s.state in ${openStates}
    order by s.state = 'waiting', s.id limit 1)`
  return tx
    .select({
      task_id: tasks.id,
      title: tasks.title,
      status: tasks.status,
      wp_status: tasks.wp_status,
      post_id: tasks.assigned_post_id,
      post_url: tasks.post_url,
      approved_by: tasks.approved_by,
      error: sql<string | null>`${tasks.error} ->> 'message'`,
      has_article: sql<boolean>`exists (select from content c
        where c.account_id = tasks.account_id and c.task_id = tasks.id and c.html_content <> '')`,
      updated_at: tasks.updated_at,
      work,
    })
    .from(tasks)
    .where(and(eq(tasks.site_id, siteId), status && sql`${state} = ${status}`))
    .orderBy(desc(tasks.updated_at), desc(tasks.id))
    .limit(PAGE + 1)
    .offset((page - 1) * PAGE)
}
