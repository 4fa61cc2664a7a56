import { z } from '@hono/zod-openapi'
import { and, eq, sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { sites } from '../../db/schema/sites.ts'
import { tasks } from '../../db/schema/writer.ts'
import { siteAddress } from '../../wp-bridge/client/http/site-address.ts'
import type { Deps } from '../deps.ts'
import { longText, text } from '../http/schemas.ts'
import { audit } from '../observability/audit.ts'
import { setNotLive, updateTaskFields } from '../tasks/task-status.ts'
import { type BridgeSite, isNewWebhook } from './bridge-site.ts'
import { postGoneError } from './post-gone-error.ts'

const POST_EVENTS = [
  'post.edited',
  'post.status_changed',
  'post.trashed',
  'post.deleted',
  'post.permalink_changed',
] as const

/** What became of a post in WordPress, with the post as it was when this was sent. */
export const BridgeEvent = z
  .object({
    type: z.enum(POST_EVENTS),
    timestamp: z.iso.datetime({ offset: true }),
    data: z.object({
      key: z.uuid(),
      post_id: z.int().min(1),
      /** Null for a post that is no more; a plugin of the site's may have statuses of its own. */
      wp_status: text(20).nullable(),
      post_url: longText(2_000).nullable().openapi({
        description: 'The URL of the post, absolute or relative to the site.',
      }),
      /** When the plugin read the post. */
      as_of: z.iso.datetime({ offset: true }),
    }),
  })
  .openapi('BridgeEvent')
type BridgeEvent = z.infer<typeof BridgeEvent>
type Task = typeof tasks.$inferSelect

/** Has the task follow what became of its post; the same webhook again changes nothing. */
export function takeEvent(
  deps: Deps,
  { accountId, siteId }: BridgeSite,
  webhook_id: string,
  event: BridgeEvent,
  requestId: string,
): Promise<void> {
  const write = async (tx: Tx) => {
    const { type } = event
    if (!(await isNewWebhook(tx, { accountId, siteId }, webhook_id, type))) return
    const [row] = await tx
      .select({ task: tasks, restRoot: sites.wp_rest_root })
      .from(tasks)
      .innerJoin(sites, and(eq(sites.account_id, tasks.account_id), eq(sites.id, tasks.site_id)))
      .where(and(eq(tasks.site_id, siteId), eq(tasks.publication_key, event.data.key)))
      .for('update', { of: tasks })
    const task = row?.task
    // Of a post that the task has no more: another one has replaced it.
    if (!task || task.assigned_post_id !== event.data.post_id) return
    // Of two that overtook each other the one that was read later counts.
    const asOf = Math.min(Date.parse(event.data.as_of), Date.now())
    if (task.wp_told_at && asOf < task.wp_told_at.getTime()) return
    const { post_url } = event.data
    const address = post_url === null ? null : siteAddress(post_url, row.restRoot ?? '')
    const { staysLive, fields } = following(task, event, address)
    const changes = { ...fields, wp_told_at: new Date(asOf) }
    if (staysLive) await updateTaskFields(tx, task.id, { ...changes, updated_at: sql`now()` })
    else await setNotLive(tx, eq(tasks.id, task.id), changes)
    const by = { actor: 'plugin', accountId, userId: null, requestId } as const
    const object = { type: 'task', id: task.id } as const
    await audit(tx, by, `wordpress.${type}`, { object, detail: event.data })
  }
  return deps.database.withAccount({ accountId }, write, { whileClosed: true })
}

/** What of the task changes, besides a status that says that its post was seen live. */
function following(
  task: Task,
  { type, timestamp, data: { wp_status } }: BridgeEvent,
  post_url: string | null,
): { staysLive: boolean; fields: Omit<Partial<Task>, 'status'> } {
  if (wp_status === null || wp_status === 'trash') {
    const error = postGoneError(wp_status, timestamp)
    return { staysLive: false, fields: { wp_status, verify_at: null, error } }
  }
  const isLive = wp_status === 'publish'
  const mustVerify = isLive && isNews(task, post_url)
  const fields = {
    wp_status,
    post_url: post_url ?? task.post_url,
    ...(type === 'post.edited' && { wp_edited_at: new Date(timestamp) }),
    ...(task.error?.code === 'post_gone' && { error: null }),
    ...(mustVerify && { verify_at: new Date(), verifications: 0 }),
  }
  return { staysLive: isLive && !mustVerify, fields }
}

/** Whether the post of a published task went live, or moved. */
function isNews(task: Task, post_url: string | null): boolean {
  if (task.status !== 'published' && task.status !== 'completed') return false
  return task.wp_status !== 'publish' || (post_url !== null && post_url !== task.post_url)
}
