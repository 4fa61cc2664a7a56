import { eq, getTableColumns, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Tx } from '../../db/database.ts'
import { DELIVERY_KINDS, DELIVERY_STATES, wordpress_deliveries } from '../../db/schema/bridge.ts'
import { sites } from '../../db/schema/sites.ts'
import type { Deps } from '../deps.ts'
import { notFound } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import { equalTo, listPage, listQuery, period, within } from '../http/lists.ts'
import { bytesOf } from '../http/response-size.ts'
import { queryId } from '../http/schemas.ts'
import { audit } from '../observability/audit.ts'
import { acceptRun, type RunPlan } from '../runs/accept-run.ts'
import { planPublishing, planUnpublishing } from './plan-publishing.ts'
import { POST_STATUSES } from './post-statuses.ts'

export const TASK_EVENTS = ['task.published', 'task.updated'] as const

/** What is written to a site whose webhooks are disabled is on record, and not sent. */
const SENT = sql`case when s.wp_webhooks_disabled_at is null then 'pending' else 'failed' end,
  case when s.wp_webhooks_disabled_at is null then now() end`

/** Has the plugin of a task's site told how the task stands, if the site has the plugin. */
export async function enqueueTaskWebhooks(
  tx: Tx,
  type: (typeof TASK_EVENTS)[number],
  ...taskIds: number[]
): Promise<void> {
  await tx.execute(sql`
    insert into wordpress_deliveries (account_id, site_id, type, state, next_attempt_at, payload)
    select t.account_id, t.site_id, ${type}, ${SENT}, jsonb_build_object('type', ${type}::text,
      'timestamp', to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
      'data', jsonb_build_object('task_id', t.id, 'key', t.publication_key, 'title', t.title,
        'status', t.status, 'wp_status', t.wp_status, 'post_id', t.assigned_post_id,
        'post_url', t.post_url, 'error', t.error ->> 'message'))
    from tasks t join sites s on s.account_id = t.account_id and s.id = t.site_id
    where t.id = any(${sql.param(taskIds)}::bigint[]) and s.wp_bridge_keys is not null
    -- Locked: what is told later is the newer, and has the later time.
    order by t.id for no key update of t`)
}

/** Has the plugin of a site told that nothing is sent to it, and why, or that it goes on. */
export async function enqueueSiteWebhook(
  tx: Tx,
  type: 'site.paused' | 'site.resumed',
  siteId: number,
  reason?: string,
): Promise<void> {
  await tx.execute(sql`
    insert into wordpress_deliveries (account_id, site_id, type, state, next_attempt_at, payload)
    select account_id, id, ${type}, ${SENT}, jsonb_build_object('type', ${type}::text,
      'timestamp', to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
      'data', jsonb_strip_nulls(jsonb_build_object('site_id', id, 'reason', ${reason ?? null}::text)))
    from sites s where id = ${siteId} and wp_bridge_keys is not null`)
}

/** The longest turn of a site; after that, the turn of a worker that died is free again. */
export const TURN_SECONDS = 60

type Delivery = typeof wordpress_deliveries.$inferSelect

const DELIVERY_ORDERINGS = { created_at: wordpress_deliveries.created_at }
export const DeliveryQuery = listQuery(DELIVERY_ORDERINGS, {
  site_id: queryId.optional(),
  kind: z.enum(DELIVERY_KINDS).optional(),
  state: z.enum(DELIVERY_STATES).optional(),
  task_id: queryId.optional(),
  ...period,
}).omit({ search: true })
const { log: _log, ...selection } = getTableColumns(wordpress_deliveries)

export function listDeliveries(tx: Tx, url: string, query: z.infer<typeof DeliveryQuery>) {
  const { site_id, kind, state, task_id } = query
  return listPage(tx, {
    url,
    query,
    orderings: DELIVERY_ORDERINGS,
    defaultOrdering: '-created_at',
    from: wordpress_deliveries,
    bytes: bytesOf(selection),
    rows: tx.select(selection).from(wordpress_deliveries).$dynamic(),
    where: [
      ...equalTo(wordpress_deliveries, { site_id, kind, state, task_id }),
      ...within(wordpress_deliveries.created_at, query),
    ],
  })
}

/**
 * Replays a delivery. A webhook is sent at once with the same id, so that the plugin does not act on it
 * twice. An operation on a post is repeated as a new run, which is returned.
 */
export async function replayDelivery(
  tx: Tx,
  deps: Deps,
  caller: Caller,
  id: number,
): Promise<number | undefined> {
  const found = await getDelivery(tx, id)
  await audit(tx, caller, 'delivery.replayed', { object: { type: 'delivery', id } })
  if (found.kind === 'publish') {
    return acceptRun(tx, deps.queue, caller, await planAgain(tx, found))
  }
  // A time further away is a retry of a failing site, not the end of a turn.
  const at = sites.wp_webhooks_try_at
  const soon = sql`case when ${at} > now() + ${TURN_SECONDS} * interval '1 second' then now() else ${at} end`
  await tx.update(sites).set({ wp_webhooks_try_at: soon }).where(eq(sites.id, found.site_id))
  await tx
    .update(wordpress_deliveries)
    .set({ state: 'pending', attempts: 0, next_attempt_at: sql`now()`, updated_at: sql`now()` })
    .where(eq(wordpress_deliveries.id, id))
  return undefined
}

/** What an attempt was to do. */
async function planAgain(tx: Tx, { type, payload, task_id }: Delivery): Promise<RunPlan> {
  if (type === 'post.unpublish') return planUnpublishing(tx, task_id!)
  const { status, publish_at, keep_status } = Attempted.parse(payload)
  const wanted = publish_at ? { publish_at } : { status }
  const plan = await planPublishing(tx, { ids: [task_id!], ...wanted })
  for (const step of plan.steps) step.params = { ...step.params, keep_status }
  return plan
}

const Attempted = z.object({
  status: z.enum(POST_STATUSES),
  publish_at: z.string().optional(),
  keep_status: z.boolean().optional(),
})

/** The delivery, or a 404. */
export async function getDelivery(tx: Tx, id: number): Promise<Delivery> {
  const [delivery] = await tx
    .select()
    .from(wordpress_deliveries)
    .where(eq(wordpress_deliveries.id, id))
  if (!delivery) throw notFound()
  return delivery
}
