import { eq, sql } from 'drizzle-orm'
import { type TaskError, tasks } from '../../db/schema/writer.ts'
import { tellPlugin } from '../../server/publishing/deliveries.ts'
import { postGone } from '../../server/publishing/post-gone.ts'
import { refuseFiltered } from '../../wp-bridge/client/filtered-html.ts'
import { getPost, type Post, postSchema } from '../../wp-bridge/client/find-post.ts'
import { seenLive } from '../../wp-bridge/client/live.ts'
import { type StepDone, StepError, type StepHandler, type StepJob } from '../step.ts'
import { ExchangeLog } from './exchange-log.ts'
import { openSite } from './site-access.ts'
import { afterGrace, nextLook } from './verify-at.ts'
import { askWordPress } from './wordpress-failure.ts'

type Task = typeof tasks.$inferSelect
type Change = Partial<Pick<Task, 'status' | 'wp_status' | 'post_url' | 'verify_at' | 'error'>>

/**
 * Looks what became of a post that was handed to WordPress: whether visitors see it, whether WP-Cron
 * missed the time that it was scheduled for (then it is published now), or what a person did to it.
 */
export const verifyPost: StepHandler = async (job) => {
  const taskId = job.step.object_id
  const [task] = await job.read((tx) => tx.select().from(tasks).where(eq(tasks.id, taskId)))
  if (!task) throw new StepError('not_found', 'The task was deleted.')
  if (task.status !== 'published' || task.assigned_post_id === null) {
    return found(task, { verify_at: null }, `“${task.title}” is not published`)
  }
  const site = await openSite(job, task.site_id)
  const { assigned_post_id: id } = task
  const post = await askWordPress(() => getPost(site.api, id), { retry: false })
  if (!post || post.status === 'trash') return gone(task, post)
  if (post.status === 'future') return scheduled(job, task, post)
  if (post.status === 'publish') return published(job, task, post)
  const change = { wp_status: post.status, verify_at: null }
  return found(task, change, `“${task.title}” is “${post.status}” in WordPress`)
}

/** What a person did to a post in WordPress stands. */
function gone(task: Task, post: Post | null): StepDone {
  const where = post ? 'in the trash of WordPress' : 'deleted in WordPress'
  const wp_status = post ? 'trash' : null
  const error = postGone(wp_status, new Date().toISOString())
  return found(task, { wp_status, verify_at: null, error }, `“${task.title}” is ${where}`)
}

async function scheduled(job: StepJob, task: Task, post: Post): Promise<StepDone> {
  const dueAt = Date.parse(`${post.date_gmt}Z`)
  if (dueAt > Date.now()) {
    const change = { wp_status: 'future', verify_at: afterGrace(dueAt) }
    return found(task, change, `“${task.title}” is scheduled for ${new Date(dueAt).toISOString()}`)
  }
  await job.requested('publish', `WP-Cron missed the time of “${task.title}”: publishing it`)
  const about = {
    type: 'post.publish',
    siteId: task.site_id,
    wanted: { status: 'publish' },
  } as const
  const log = await job.write((tx) => ExchangeLog.begin(tx, job, about))
  const late = await log.during(job, async () => {
    const { api } = await openSite(job, task.site_id, log)
    const change = { status: 'publish' }
    return askWordPress(
      () => {
        refuseFiltered(post)
        return api.update(`wp/v2/posts/${post.id}`, postSchema, change)
      },
      { retry: false },
    )
  })
  await job.write((tx) => log.delivered(tx))
  await job.responded('publish', `WordPress has published it: ${late.link}`)
  return published(job, task, late)
}

async function published(job: StepJob, task: Task, post: Post): Promise<StepDone> {
  const { fetch } = job.deps
  const { signal } = job
  const sight = await seenLive(fetch, post.link, task.publication_key, { signal })
  const wordpress = { wp_status: post.status, post_url: post.link }
  if (sight.seen) {
    const change = { ...wordpress, status: 'completed', verify_at: null, error: null } as const
    return found(task, change, `“${task.title}” is live: ${post.link}`)
  }
  const verify_at = nextLook(task.verifications)
  const message = `Published, but visitors do not see it. ${sight.reason}`
  const error: TaskError = { code: 'not_seen_live', message, at: new Date().toISOString() }
  const change = { ...wordpress, verify_at, ...(verify_at ? {} : { error }) }
  return found(task, change, `“${task.title}” is not seen live yet. ${sight.reason}`)
}

function found(task: Task, change: Change, message: string): StepDone {
  return {
    message,
    result: { status: change.status ?? task.status, wp_status: change.wp_status ?? null },
    async write(tx) {
      await tx
        .update(tasks)
        .set({ ...change, updated_at: sql`now()` })
        // Somebody may have published it anew, or taken it back, meanwhile.
        .where(
          sql`${tasks.id} = ${task.id} and ${tasks.status} = ${task.status}
            and ${tasks.published_at} is not distinct from ${task.published_at?.toISOString() ?? null}::timestamptz`,
        )
      await tellPlugin(tx, 'task.updated', task.id)
    },
  }
}
