import { bridgePost } from '../connect/bridge.ts'
import type { WordPressApi } from '../http/transport.ts'
import type { Found } from './create-once.ts'
import { findPost, getPost, type Post } from './find-post.ts'

/** What the post of an article is found by. */
export interface Wanted {
  key: string
  slug: string
}

/** Finds a post by its key in the plugin, else by its marker. @throws WordPressError */
export async function findArticle(
  api: WordPressApi,
  wanted: Wanted,
  hasBridge: boolean,
): Promise<Found<Post> | null> {
  const remote = hasBridge ? await bridgePost(api, wanted.key) : null
  return remote ? { remote, duplicates: [] } : findPost(api, wanted)
}

/**
 * The post of an article in any status: the one with `id` if it belongs to the article, else the
 * one that is found. Null when WordPress has none. @throws WordPressError
 */
export async function articlePost(
  api: WordPressApi,
  { id, ...wanted }: Wanted & { id: number | null },
  hasBridge: boolean,
): Promise<Post | null> {
  const known = id === null ? null : await getPost(api, id, wanted.key)
  return known ?? (await findArticle(api, wanted, hasBridge))?.remote ?? null
}
