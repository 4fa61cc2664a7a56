import type { tasks } from '../../../db/schema/writer.ts'
import { POST_STATUSES } from '../../../server/publishing/post-statuses.ts'
import { articlePost } from '../../../wp-bridge/client/publish/find-article.ts'
import { StepError } from '../../steps/step.ts'
import type { LinkedSite } from './site-access.ts'
import { askWordPress } from './wordpress-failure.ts'

type Task = typeof tasks.$inferSelect

/**
 * The status of a task’s post in WordPress, for an update that keeps it. Undefined without a post,
 * or for one in the trash. Throws `wrong_state` for a status that an update cannot send.
 */
export async function currentPostStatus(
  site: LinkedSite,
  { assigned_post_id: id, publication_key: key, slug, title }: Task,
): Promise<(typeof POST_STATUSES)[number] | undefined> {
  const { api, hasBridge } = site
  const post = await askWordPress(() => articlePost(api, { key, slug, id }, hasBridge))
  if (!post || post.status === 'trash') return undefined
  const status = POST_STATUSES.find((one) => one === post.status)
  if (status) return status
  throw new StepError(
    'wrong_state',
    `“${title}” has the status “${post.status}” in WordPress, so igny8 did not update it. Publish the task to update the post.`,
  )
}
