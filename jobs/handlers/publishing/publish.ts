import { eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Tx } from '../../../db/database.ts'
import { content_ideas } from '../../../db/schema/planner.ts'
import { tasks } from '../../../db/schema/writer.ts'
import { enqueueTaskWebhooks } from '../../../server/publishing/deliveries.ts'
import { POST_STATUSES } from '../../../server/publishing/post-statuses.ts'
import { setCompleted, setPublished, updateTaskFields } from '../../../server/tasks/task-status.ts'
import { WordPressError } from '../../../wp-bridge/client/http/errors.ts'
import { type Conflict, resolutionSchema } from '../../../wp-bridge/client/merge/edits.ts'
import { publishPost } from '../../../wp-bridge/client/publish/publish.ts'
import type { Receipt } from '../../../wp-bridge/client/publish/receipt.ts'
import type { StepHandler, StepJob } from '../../steps/step.ts'
import { recordLinks } from './article-links.ts'
import { currentPostStatus } from './current-post-status.ts'
import { databaseIntentLog } from './intent-log.ts'
import type { Article } from './load-article.ts'
import { pauseIfDown } from './pause.ts'
import { postDraft, resolutionOf } from './post-draft.ts'
import { articleInTurn, type LinkedArticle } from './publish-gate.ts'
import { reportedAt } from './reported-at.ts'
import { requireSameWordPress } from './set-aside-posts.ts'
import { type LinkedSite, openSite } from './site-access.ts'
import { verifyAt } from './verify-at.ts'
import { waitUntilLive } from './wait-until-live.ts'
import { askWordPress } from './wordpress-failure.ts'

/** The parameters of a publish step. */
export const Params = z.object({
  status: z.enum(POST_STATUSES),
  publish_at: z.string().optional(),
  resolution: resolutionSchema.optional(),
  /** Whether the post keeps its status in WordPress, whatever `status` says. */
  keep_status: z.boolean().optional(),
})

/**
 * Publishes the article of a task exactly once, whatever fails on the way, and checks that it is
 * live.
 */
export const publish: StepHandler = async (job) => {
  const params = Params.parse(job.step.params)
  const article = await articleInTurn(job, params)
  const { task, log } = article
  const { receipt, site } = await log
    .during(
      job,
      () => send(job, article, params),
      (tx, error) => noteOutcome(tx, task.id, params, error),
    )
    .catch(async (error: unknown) => {
      await pauseIfDown(job, task.site_id, error)
      throw error
    })
  await job.write(async (tx) => {
    await recordPublished(tx, article, receipt, params.publish_at)
    await requireSameWordPress(tx, site)
    await log.delivered(tx)
  })
  await job.responded(
    'publish',
    `Post ${receipt.post_id} is “${receipt.wp_status}”: ${receipt.url}`,
  )
  const live =
    receipt.wp_status === 'publish' && (await waitUntilLive(job, receipt.url, task.publication_key))
  return {
    message: live ? `“${task.title}” is live: ${receipt.url}` : `“${task.title}” is published`,
    result: { ...receipt, live },
    async write(tx) {
      if (!live) return
      await setCompleted(tx, task.id, receipt.post_id)
      await enqueueTaskWebhooks(tx, 'task.updated', task.id)
    },
  }
}

async function send(
  job: StepJob,
  article: LinkedArticle,
  params: z.infer<typeof Params>,
): Promise<{ receipt: Receipt; site: LinkedSite }> {
  const { task, log } = article
  const site = await openSite(job, task.site_id, log)
  if (params.keep_status) params.status = (await currentPostStatus(site, task)) ?? params.status
  await job.requested('publish', `Sent “${task.title}” to ${site.wp_url}`)
  const receipt = await askWordPress(() =>
    publishPost({
      api: site.api,
      hasBridge: site.hasBridge,
      post: postDraft(article, job.deps.media, params),
      intentLog: databaseIntentLog(job, site, log),
      publication: publicationOf(job),
      retries: job.step.retries,
      settleMs: job.deps.settleMs,
      resolution: resolutionOf(task, params.resolution),
      // A person who publishes a post that is known to be deleted wants it again. A change of links
      // does not.
      replaceDeleted: task.wp_status === null && !params.keep_status,
    }),
  )
  return { receipt, site }
}

/**
 * Identifies the step since it was last released: what a site refused before it was paused is
 * requested again.
 */
function publicationOf({ step }: StepJob): string {
  return `${step.id}-${step.released_at?.getTime() ?? 0}`
}

/** Records what a person did to the post, if that is why it was not published. */
async function noteOutcome(
  tx: Tx,
  taskId: number,
  wanted: z.infer<typeof Params>,
  error: unknown,
): Promise<void> {
  const cause = error instanceof Error ? error.cause : undefined
  if (!(cause instanceof WordPressError)) return
  const { status, publish_at } = wanted
  const change =
    cause.code === 'merge_conflict'
      ? { conflict: { ...(cause.data as Conflict), wanted: { status, publish_at } } }
      : cause.code === 'post_deleted' && { wp_status: null }
  if (change) await updateTaskFields(tx, taskId, change)
}

/**
 * Records that a task’s post is in WordPress, and tells the plugin. `url` is null and `modified_at`
 * is missing until WordPress has reported them.
 */
export async function recordPublished(
  tx: Tx,
  { task }: Article,
  receipt: Pick<Receipt, 'post_id' | 'wp_status'> & { url: string | null; modified_at?: string },
  publishAt: string | undefined,
): Promise<void> {
  await setPublished(tx, task.id, {
    assigned_post_id: receipt.post_id,
    post_url: receipt.url,
    wp_status: receipt.wp_status,
    ...(receipt.modified_at && { wp_told_at: reportedAt(receipt.modified_at) }),
    ...(receipt.modified_at && receipt.wp_status === 'publish' && { public_title: task.title }),
    published_at: sql`coalesce(${tasks.published_at}, now())`,
    verify_at: verifyAt(receipt, publishAt),
    verifications: 0,
    conflict: null,
  })
  await recordLinks(tx, task.id)
  await enqueueTaskWebhooks(tx, 'task.published', task.id)
  if (task.idea_id === null) return
  await tx
    .update(content_ideas)
    .set({ status: 'published', updated_at: sql`now()` })
    .where(eq(content_ideas.id, task.idea_id))
}
