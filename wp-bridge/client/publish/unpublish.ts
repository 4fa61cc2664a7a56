import { WordPressError } from '../http/errors.ts'
import type { WordPressApi } from '../http/transport.ts'
import { refuseTrashed } from '../merge/edits.ts'
import { articlePost } from './find-article.ts'
import { postSchema } from './find-post.ts'
import type { IntentLog } from './intent-log.ts'
import { refuseFiltered } from './kses.ts'

/**
 * Makes the post of an article a draft again. Its id and its text stay.
 * @throws WordPressError `not_published` when WordPress has no such post, `post_trashed`,
 *   `holds_unfiltered_html`, or that of a failed request
 */
export async function unpublishPost(request: {
  api: WordPressApi
  intentLog: IntentLog
  hasBridge?: boolean
  post: { key: string; slug: string }
}): Promise<{ post_id: number; url: string; wp_status: string; modified_at: string }> {
  const { api, intentLog, hasBridge = false, post: wanted } = request
  const { remote_id } = await intentLog.recall('post', wanted.key)
  let post = await articlePost(api, { ...wanted, id: remote_id }, hasBridge)
  if (!post) {
    throw new WordPressError({
      code: 'not_published',
      message: 'WordPress has no post of this article.',
      remedy: 'Publish the article first.',
    })
  }
  refuseTrashed(post)
  if (post.status !== 'draft') {
    refuseFiltered(post)
    post = await api.update(`wp/v2/posts/${post.id}`, postSchema(api), { status: 'draft' })
  }
  const modified_at = `${post.modified_gmt}Z`
  return { post_id: post.id, url: post.link, wp_status: post.status, modified_at }
}
