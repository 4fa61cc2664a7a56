import { marker } from '../../wp-bridge/client/publish/marker.ts'
import type { PostDraft } from '../../wp-bridge/client/publish/post-draft.ts'
import type { WordPress } from './wordpress.ts'

/** What WordPress's own database holds of an article. */
export function holdings(wp: WordPress, post: PostDraft) {
  const posts = wp.query(
    `select ID, post_status from wp_posts where post_type = 'post' and post_content like ?`,
    `%${marker(post.key)}"%`,
  )
  const attachments = post.images.map(
    ({ content_hash }) =>
      wp.query(
        `select ID from wp_posts where post_type = 'attachment' and guid like ?`,
        `%${content_hash.slice(0, 16)}%`,
      ).length,
  )
  // Two requests at once for one post may both write the row: WordPress has no unique key there.
  const thumbnails = wp.query(
    `select distinct meta_value from wp_postmeta where meta_key = '_thumbnail_id' and post_id = ?`,
    Number(posts[0]?.ID),
  )
  const terms = wp.query(
    `select name from wp_term_relationships join wp_term_taxonomy using (term_taxonomy_id)
      join wp_terms using (term_id) where object_id = ? order by name`,
    Number(posts[0]?.ID),
  )
  const named = wp.query('select name from wp_terms where name = ?', post.category).length
  return {
    posts: posts.map(({ post_status }) => post_status),
    attachments,
    thumbnails: thumbnails.length,
    terms: terms.map(({ name }) => name),
    categories: named,
  }
}

/** The same, of an article that was published once with everything. */
export const onceEach = (post: PostDraft) => ({
  posts: ['publish'],
  attachments: post.images.map(() => 1),
  thumbnails: post.featured ? 1 : 0,
  terms: [post.category, ...post.tags],
  categories: 1,
})
