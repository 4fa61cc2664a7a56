import { z } from 'zod'
import { WordPressError } from '../http/errors.ts'
import type { WordPressApi } from '../http/transport.ts'
import type { Post } from './find-post.ts'

/** WordPress’s editor saves once a minute. Milliseconds. */
const STILL_OPEN_MS = 3 * 60_000

const autosaveSchema = z.object({ parent: z.number(), modified_gmt: z.string() })

/**
 * Whether somebody is editing the post, as far as core REST shows: its editor has saved changes in
 * the last minutes that the post does not have.
 * @param now milliseconds since 1970
 */
export async function isBeingEdited(api: WordPressApi, post: Post, now: number): Promise<boolean> {
  const { items } = await api
    .list(`wp/v2/posts/${post.id}/autosaves`, autosaveSchema, { context: 'edit' })
    .catch((error: unknown) => {
      // Some sites have no revisions, and some users may not read them.
      if (error instanceof WordPressError && !error.retryable) return { items: [] }
      throw error
    })
  const savedAt = Math.max(0, ...items.map(({ modified_gmt }) => Date.parse(`${modified_gmt}Z`)))
  return savedAt > Date.parse(`${post.modified_gmt}Z`) && now - savedAt < STILL_OPEN_MS
}
