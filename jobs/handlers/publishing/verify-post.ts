import { and, eq, type SQL, sql } from 'drizzle-orm'
import type { Tx } from '../../../db/database.ts'
import { type TaskError, tasks } from '../../../db/schema/writer.ts'
import { enqueueTaskWebhooks } from '../../../server/publishing/deliveries.ts'
import { postGoneError } from '../../../server/publishing/post-gone-error.ts'
import { hasOpenStep } from '../../../server/runs/open-steps.ts'
import { recordVerification } from '../../../server/tasks/task-status.ts'
import { textOf } from '../../../wp-bridge/client/blocks/text-as-html.ts'
import { articlePost } from '../../../wp-bridge/client/publish/find-article.ts'
import { type Post, postSchema } from '../../../wp-bridge/client/publish/find-post.ts'
import { refuseFiltered } from '../../../wp-bridge/client/publish/kses.ts'
import { seenLive } from '../../../wp-bridge/client/publish/live.ts'
import { type StepDone, StepError, type StepHandler, type StepJob } from '../../steps/step.ts'
import { DeliveryLog } from './delivery-log.ts'
import { reportedAt } from './reported-at.ts'
import { relinked, requireSameWordPress } from './set-aside-posts.ts'
import { type LinkedSite, openSite } from './site-access.ts'
import { afterGrace, nextVerification } from './verify-at.ts'
import { askWordPress } from './wordpress-failure.ts'

type Task = typeof tasks.$inferSelect
type Change = { wp_told_at?: SQL<Date> } & Partial<
  Pick<Task, 'status' | 'assigned_post_id' | 'wp_status' | 'post_url' | 'verify_at' | 'error'> &
    Pick<Task, 'public_title'>
>

/**
 * Checks a published post: whether visitors see it, whether WP-Cron missed its schedule (then
 * publishes it now), and what a person did to it.
 */
export const verifyPost: StepHandler = async (job) => {
  const taskId = job.step.object_id
  const [task] = await job.read((tx) => tx.select().from(tasks).where(eq(tasks.id, taskId)))
  if (!task) throw new StepError('not_found', 'The task was deleted.')
  if (task.status !== 'published') return notPublished(task)
  const site = await openSite(job, task.site_id)
  const { assigned_post_id: id, publication_key: key, slug } = task
  const post = await askWordPress(() => articlePost(site.api, { key, slug, id }, site.hasBridge), {
    retry: false,
  })
  const seen = { task, site }
  if (!post || post.status === 'trash') return gone(seen, post)
  if (post.status === 'future') return scheduled(job, seen, post)
  if (post.status === 'publish') return published(job, seen, post)
  const change = { ...identity(post), verify_at: null }
  return found(seen, change, `“${task.title}” is “${post.status}” in WordPress`)
}

type Seen = { task: Task; site: LinkedSite }

const identity = ({ id, status, link, modified_gmt }: Post) => ({
  wp_told_at: reportedAt(`${modified_gmt}Z`),
  assigned_post_id: id,
  post_url: link,
  wp_status: status,
})

/** A person deleted or trashed the post. igny8 does not undo that. */
function gone({ task, site }: Seen, post: Post | null): StepDone {
  const at = new Date().toISOString()
  if (!post && task.assigned_post_id === null) {
    const message =
      'The WordPress that the site is linked to now has no post of this article. Publish the task to create it.'
    const error: TaskError = { code: 'post_gone', message, at }
    const change = { status: 'review', wp_status: null, verify_at: null, error } as const
    return found(
      { task, site },
      change,
      `“${task.title}” is not in the WordPress that is linked now`,
    )
  }
  const where = post ? 'in the trash of WordPress' : 'deleted in WordPress'
  const wp_status = post ? 'trash' : null
  const change = { wp_status, verify_at: null, error: postGoneError(wp_status, at) }
  return found({ task, site }, change, `“${task.title}” is ${where}`)
}

async function scheduled(job: StepJob, seen: Seen, post: Post): Promise<StepDone> {
  const { task } = seen
  const dueAt = Date.parse(`${post.date_gmt}Z`)
  if (dueAt > Date.now()) {
    const change = { ...identity(post), verify_at: afterGrace(dueAt) }
    return found(seen, change, `“${task.title}” is scheduled for ${new Date(dueAt).toISOString()}`)
  }
  await job.requested('publish', `WP-Cron missed the time of “${task.title}”: publishing it`)
  const about = {
    type: 'post.publish',
    siteId: task.site_id,
    wanted: { status: 'publish' },
  } as const
  const log = await job.write(async (tx) =>
    (await isStillPublished(tx, task.id)) ? DeliveryLog.begin(tx, job, about) : undefined,
  )
  if (!log) return notPublished(task)
  const late = await log.during(job, async () => {
    const { api, wp_rest_root } = await openSite(job, task.site_id, log)
    // The id belongs to the WordPress that was read.
    if (wp_rest_root !== seen.site.wp_rest_root) throw relinked()
    const change = { status: 'publish' }
    return askWordPress(
      () => {
        refuseFiltered(post)
        return api.update(`wp/v2/posts/${post.id}`, postSchema(api), change)
      },
      { retry: false },
    )
  })
  await job.write((tx) => log.delivered(tx))
  await job.responded('publish', `WordPress has published it: ${late.link}`)
  return published(job, seen, late)
}

/**
 * False once somebody has requested to unpublish it. That step waits for this one if this one began
 * first.
 */
async function isStillPublished(tx: Tx, taskId: number): Promise<boolean> {
  const [task] = await tx
    .select({ status: tasks.status, id: tasks.id })
    .from(tasks)
    .where(eq(tasks.id, taskId))
    .for('no key update')
  if (task?.status !== 'published') return false
  const open = hasOpenStep('unpublish', tasks)
  const [unpublished] = await tx
    .select({ id: tasks.id })
    .from(tasks)
    .where(and(eq(tasks.id, taskId), open))
  return !unpublished
}

async function published(job: StepJob, seen: Seen, post: Post): Promise<StepDone> {
  const { task } = seen
  const { fetch } = job.deps
  const { signal } = job
  const sight = await seenLive(fetch, post.link, task.publication_key, signal)
  const wordpress = { ...identity(post), public_title: textOf(post.title.raw) }
  if (sight.seen) {
    const change = { ...wordpress, status: 'completed', verify_at: null, error: null } as const
    return found(seen, change, `“${task.title}” is live: ${post.link}`)
  }
  const verify_at = nextVerification(task.verifications)
  const message = `Published, but visitors do not see it. ${sight.reason}`
  const error: TaskError = { code: 'not_seen_live', message, at: new Date().toISOString() }
  const change = { ...wordpress, verify_at, ...(verify_at ? {} : { error }) }
  return found(seen, change, `“${task.title}” is not live yet. ${sight.reason}`)
}

function notPublished({ id, title, status }: Task): StepDone {
  return {
    message: `“${title}” is not published`,
    result: { status, wp_status: null },
    async write(tx) {
      await tx
        .update(tasks)
        .set({ verify_at: null })
        .where(sql`${tasks.id} = ${id} and ${tasks.status} <> 'published'`)
    },
  }
}

function found({ task, site }: Seen, change: Change, message: string): StepDone {
  return {
    message,
    result: { status: change.status ?? task.status, wp_status: change.wp_status ?? null },
    async write(tx) {
      if (!(await recordVerification(tx, task, change))) return
      await requireSameWordPress(tx, site)
      await enqueueTaskWebhooks(tx, 'task.updated', task.id)
    },
  }
}
