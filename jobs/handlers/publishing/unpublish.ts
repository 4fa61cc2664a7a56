import { and, eq } from 'drizzle-orm'
import { z } from 'zod'
import { run_steps } from '../../../db/schema/runs.ts'
import { tasks } from '../../../db/schema/writer.ts'
import { enqueueTaskWebhooks } from '../../../server/publishing/deliveries.ts'
import { setUnpublished } from '../../../server/tasks/task-status.ts'
import { unpublishPost } from '../../../wp-bridge/client/publish/unpublish.ts'
import { PollLater, StepError, type StepHandler, type StepJob } from '../../steps/step.ts'
import { DeliveryLog } from './delivery-log.ts'
import { databaseIntentLog } from './intent-log.ts'
import { reportedAt } from './reported-at.ts'
import { requireSameWordPress } from './set-aside-posts.ts'
import { openSite } from './site-access.ts'
import { askWordPress } from './wordpress-failure.ts'

const Params = z.object({
  /** A publication was cancelled after it had been sent. WordPress may still be carrying it out. */
  unsettled: z.boolean().default(false),
})
const WAIT_MS = 1_000

/**
 * Makes a task’s post a draft in WordPress again. The task returns to review and keeps its post.
 */
export const unpublish: StepHandler = async (job) => {
  const taskId = job.step.object_id
  await waitForVerification(job, taskId)
  const [task] = await job.read((tx) => tx.select().from(tasks).where(eq(tasks.id, taskId)))
  if (!task) throw new StepError('not_found', 'The task was deleted.')
  const about = { type: 'post.unpublish', siteId: task.site_id } as const
  const log = await job.write((tx) => DeliveryLog.begin(tx, job, about))
  const { post, site } = await log.during(job, async () => {
    const site = await openSite(job, task.site_id, log)
    await job.requested('unpublish', `Asked ${site.wp_url} to make “${task.title}” a draft`)
    const post = await askWordPress(() =>
      unpublishPost({
        api: site.api,
        hasBridge: site.hasBridge,
        intentLog: databaseIntentLog(job, site),
        post: { key: task.publication_key, slug: task.slug },
      }),
    )
    return { post, site }
  })
  await pollIfUnsettled(job, task.title, log)
  return {
    message: `“${task.title}” is a draft again`,
    result: post,
    async write(tx) {
      await setUnpublished(tx, taskId, {
        assigned_post_id: post.post_id,
        post_url: post.url,
        wp_status: post.wp_status,
        wp_told_at: reportedAt(post.modified_at),
        verify_at: null,
      })
      await requireSameWordPress(tx, site)
      await enqueueTaskWebhooks(tx, 'task.updated', taskId)
      await log.delivered(tx)
    },
  }
}

/**
 * Waits while a check publishes a post that WP-Cron missed. No other check starts once this step
 * exists.
 */
async function waitForVerification(job: StepJob, taskId: number): Promise<void> {
  const [running] = await job.read((tx) =>
    tx
      .select({ id: run_steps.id })
      .from(run_steps)
      .where(
        and(
          eq(run_steps.kind, 'verify_post'),
          eq(run_steps.object_id, taskId),
          eq(run_steps.state, 'running'),
        ),
      ),
  )
  if (!running) return
  throw new PollLater(
    'already_running',
    'igny8 is checking the post. It tries again in a moment.',
    WAIT_MS,
  )
}

/** Repeats the step until WordPress can no longer be carrying out an earlier request. */
async function pollIfUnsettled(job: StepJob, title: string, log: DeliveryLog): Promise<void> {
  const { step, deps } = job
  const { unsettled } = Params.parse(step.params)
  const left = step.created_at.getTime() + deps.settleMs - Date.now()
  if (!unsettled || left <= 0) return
  await job.write((tx) => log.delivered(tx))
  const message = `“${title}” is a draft. igny8 checks it again because an update of it was under way.`
  throw new PollLater('outcome_pending', message, left)
}
