import { createHash } from 'node:crypto'
import { z } from 'zod'
import { WordPressError } from '../http/errors.ts'
import type { WordPressApi } from '../http/transport.ts'
import { type Post, postSchema } from '../publish/find-post.ts'
import type { PostValues } from '../publish/receipt.ts'
import { PLUGIN_BUSY_MS } from '../publish/retry-policy.ts'

/** What the plugin can write in addition to WordPress’s own fields. */
export interface PostExtras {
  seo: { title?: string; description?: string }
  schema: { article: boolean; faq: { question: string; answer: string }[] }
}

const fieldSchema = z.object({
  field: z.string(),
  state: z.enum(['applied', 'altered', 'dropped']),
  note: z.string().optional(),
})
const putSchema = (api: WordPressApi) =>
  z.object({ post: postSchema(api), fields: z.array(fieldSchema) })

const statusSchema = z.object({
  plugin_version: z.string(),
  pairing: z.object({ paired: z.boolean(), site_id: z.number().nullable() }),
  seo_plugins: z.array(z.string()),
  wp_cron: z.object({ healthy: z.boolean(), late_seconds: z.number() }),
})
export type BridgeStatus = z.infer<typeof statusSchema>

const pairedSchema = z.object({ site_id: z.number() })

/** Reads the status of the plugin, or null when it is not active. @throws WordPressError */
export function bridgeStatus(api: WordPressApi): Promise<BridgeStatus | null> {
  return api.read('igny8/v1/status', statusSchema).catch((error: unknown) => {
    if (isAbsent(error)) return null
    throw error
  })
}

/**
 * Gives the plugin the key that both sides sign with from now on. The previous key stays valid for
 * `overlap` seconds. Sending the same key again changes nothing.
 * @throws WordPressError, with the `wpCode` `igny8_newer_key` if the plugin has a key made after
 *   `since`, in milliseconds since 1970
 */
export async function pairBridge(
  api: WordPressApi,
  pairing: { site_id: number; events_url: string; key: string; since: number; overlap: number },
): Promise<void> {
  await api.put('igny8/v1/pairing', pairedSchema, { ...pairing, replace: true })
}

/** Makes the plugin delete its key. Succeeds if the plugin is not active. @throws WordPressError */
export async function unpairBridge(api: WordPressApi): Promise<void> {
  await api.delete('igny8/v1/pairing').catch((error: unknown) => {
    if (!isAbsent(error)) throw error
  })
}

/** Reads the post of an article from the plugin, or null. @throws WordPressError */
export async function bridgePost(api: WordPressApi, key: string): Promise<Post | null> {
  const schema = z.object({ post: postSchema(api) })
  try {
    return (await api.read(`igny8/v1/posts/${key}`, schema)).post
  } catch (error) {
    const isNone = error instanceof WordPressError && error.wpCode === 'igny8_no_post'
    if (isNone || isAbsent(error)) return null
    throw error
  }
}

/**
 * Creates or updates the one post of an article. Returns it with the receipt of the extra fields.
 * @param before the existing post of the article, as it was when the values were decided
 * @throws WordPressError `post_trashed`, `post_being_edited`, `changed_meanwhile`, or that of a
 *   failed request; see `isAbsent`
 */
export async function putPost(
  api: WordPressApi,
  key: string,
  values: PostValues & Partial<PostExtras>,
  before: Post | { id?: never },
): Promise<z.infer<ReturnType<typeof putSchema>>> {
  const body = {
    ...values,
    ...(before.id !== undefined && { post_id: before.id, unless_changed: fingerprint(before) }),
  }
  return api.put(`igny8/v1/posts/${key}`, putSchema(api), body).catch((error: unknown) => {
    throw error instanceof WordPressError ? explained(error) : error
  })
}

/** A hash of the texts of a post. The plugin computes the same from its own texts. */
function fingerprint({ title, content, excerpt }: Post): string {
  const texts = [title.raw, content.raw, excerpt.raw].join('\0')
  return createHash('sha256').update(texts).digest('hex')
}

/** Whether the request failed because the plugin is not active. */
export function isAbsent(error: unknown): boolean {
  return error instanceof WordPressError && error.wpCode === 'rest_no_route'
}

function explained(error: WordPressError): WordPressError {
  const { message, status, wpCode } = error
  if (wpCode === 'igny8_in_progress') {
    const code = 'outcome_pending'
    const remedy = 'No action is needed: igny8 tries again.'
    const more = { retryable: true, retryAfterMs: PLUGIN_BUSY_MS, outcome: 'unknown' as const }
    return new WordPressError({ code, message, remedy, status, wpCode, ...more }, { cause: error })
  }
  if (wpCode === 'igny8_post_locked') {
    const code = 'post_being_edited'
    const remedy = 'Wait until the editor in WordPress is closed, then publish again.'
    return new WordPressError({ code, message, remedy, status, wpCode }, { cause: error })
  }
  if (wpCode === 'igny8_post_changed') {
    const code = 'changed_meanwhile'
    const remedy = 'No action is needed: igny8 reads the post again and merges the changes.'
    const facts = { status, wpCode, retryable: true }
    return new WordPressError({ code, message, remedy, ...facts }, { cause: error })
  }
  if (wpCode === 'igny8_post_trashed') {
    const code = 'post_trashed'
    const remedy = 'Restore the post in WordPress or delete it permanently, then publish again.'
    return new WordPressError({ code, message, remedy, status, wpCode }, { cause: error })
  }
  return error
}
