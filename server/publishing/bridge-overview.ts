import { z } from '@hono/zod-openapi'
import { and, desc, eq, sql } from 'drizzle-orm'
import { sites } from '../../db/schema/auth.ts'
import { HOLDS, RUN_KINDS, runs } from '../../db/schema/system.ts'
import { TASK_STATUSES } from '../../db/schema/writer.ts'
import type { Tx } from '../../db/tenancy.ts'
import { Examined } from './schemas.ts'

/** The statuses of a task, and `scheduled`: for a time, or for a slot of the site's drip. */
const STAGES = [...TASK_STATUSES, 'scheduled'] as const
/** So many tasks of each stage are shown; how many there are is in `counts`. */
const SHOWN = 20
const OnTask = z.enum(RUN_KINDS)
const when = z.iso.datetime({ offset: true }).nullable()

const OverviewTask = z
  .object({
    id: z.int(),
    title: z.string(),
    stage: z.enum(STAGES),
    wp_status: z.string().nullable(),
    post_id: z.int().nullable(),
    post_url: z.string().nullable(),
    approved_by: z.string().nullable(),
    error: z.string().nullable(),
    updated_at: z.iso.datetime({ offset: true }),
    work: z
      .object({
        run_id: z.int(),
        kind: OnTask,
        state: z.enum(['waiting', 'pending', 'running']),
        held: z.enum(HOLDS).nullable(),
        due_at: when,
        percentage: z.int(),
      })
      .nullable()
      .openapi({ description: 'What is being done with it, or is waited for.' }),
  })
  .openapi('BridgeTask')

/** What the page of a site's plugin shows. */
export const Overview = z
  .object({
    site: z.object({
      name: z.string(),
      requires_approval: z.boolean(),
      paused_at: when,
      pause_reason: z.string().nullable(),
    }),
    examination: Examined.pick({ healthy: true, checks: true })
      .extend({ at: z.iso.datetime() })
      .nullable()
      .openapi({ description: 'The last one of the WordPress that is linked now.' }),
    examining: z.boolean(),
    counts: z.record(z.enum(STAGES), z.int()),
    tasks: z.array(OverviewTask).openapi({ description: `At most ${SHOWN} of each stage.` }),
  })
  .openapi('BridgeOverview')

/** How a site and its tasks stand, the newest first. */
export async function readOverview(tx: Tx, siteId: number): Promise<z.infer<typeof Overview>> {
  const [site] = await tx.select().from(sites).where(eq(sites.id, siteId))
  const { name, requires_approval, wp_paused_at, wp_pause_reason, wp_url } = site!
  return {
    site: {
      name,
      requires_approval,
      paused_at: wp_paused_at?.toISOString() ?? null,
      pause_reason: wp_pause_reason?.message ?? null,
    },
    ...(await lastExamination(tx, siteId, wp_url)),
    ...(await tasksByStage(tx, siteId)),
  }
}

const Result = z.object({ steps: z.tuple([z.object({ result: Examined })]) })

async function lastExamination(tx: Tx, siteId: number, wpUrl: string | null) {
  const found = await tx
    .select({ state: runs.state, result: runs.result, at: runs.finished_at })
    .from(runs)
    .where(
      and(
        eq(runs.site_id, siteId),
        eq(runs.kind, 'examine_wordpress'),
        sql`${runs.state} in ('PENDING', 'PROGRESS', 'SUCCESS')`,
      ),
    )
    .orderBy(desc(runs.id))
    .limit(2)
  const examining = found.some(({ state }) => state !== 'SUCCESS')
  const last = found.find(({ state }) => state === 'SUCCESS')
  const { data } = Result.safeParse(last?.result)
  const result = data?.steps[0].result
  if (!result || result.wp_url !== wpUrl) return { examining, examination: null }
  const { healthy, checks } = result
  return { examining, examination: { at: last!.at!.toISOString(), healthy, checks } }
}

const Rows = z.array(z.object({ of_stage: z.coerce.number(), task: OverviewTask }))

async function tasksByStage(tx: Tx, siteId: number) {
  const found = await tx.execute(sql`
    with open as (
      select distinct on (object_id) object_id, run_id, kind, state, held,
        coalesce((params ->> 'publish_at')::timestamptz, not_before) as due_at
      from run_steps
      where kind in ('generate_content', 'generate_images', 'publish', 'unpublish')
        and state in ('waiting', 'pending', 'running')
      order by object_id, array_position(array['running', 'pending', 'waiting'], state), id
    ), staged as (
      select t.*, o.run_id, o.kind, o.state, o.held, o.due_at,
        case when o.due_at > now() or t.wp_status = 'future' then 'scheduled' else t.status end as stage
      from tasks t left join open o on o.object_id = t.id
      where t.site_id = ${siteId}
    ), ranked as (
      select *, count(*) over (partition by stage) as of_stage,
        row_number() over (partition by stage order by updated_at desc, id desc) as place
      from staged
    )
    select of_stage, jsonb_build_object('id', t.id, 'title', title, 'stage', stage,
      'wp_status', wp_status, 'post_id', assigned_post_id, 'post_url', post_url,
      'approved_by', approved_by, 'error', t.error ->> 'message', 'updated_at', t.updated_at,
      'work', case when t.run_id is not null then jsonb_build_object('run_id', t.run_id,
        'kind', t.kind, 'state', t.state, 'held', held, 'due_at', due_at,
        'percentage', case when r.total = 0 then 0 else least(100, r.current * 100 / r.total) end) end
      ) as task
    from ranked t left join runs r on r.account_id = t.account_id and r.id = t.run_id
    where place <= ${SHOWN}
    order by t.updated_at desc, t.id desc`)
  const rows = Rows.parse(found)
  const counts = Object.fromEntries(STAGES.map((stage) => [stage, 0])) as Record<
    (typeof STAGES)[number],
    number
  >
  for (const { of_stage, task } of rows) counts[task.stage] = of_stage
  return { counts, tasks: rows.map(({ task }) => task) }
}
