import { WordPressError } from '../http/errors.ts'
import type { WordPressApi } from '../http/transport.ts'
import {
  changedChoices,
  type Merge,
  mergeTexts,
  type Resolution,
  refuseTrashed,
  snapshotOf,
  snapshotOfFound,
  type Texts,
  whileUpdating,
} from '../merge/edits.ts'
import { isBeingEdited } from './autosaves.ts'
import { type CreateContext, type Created, createOnce } from './create-once.ts'
import { ensureParts, type Parts, warnOfDuplicates } from './ensure-parts.ts'
import { articlePost, findArticle } from './find-article.ts'
import { getPost, type Post } from './find-post.ts'
import { refuseFiltered } from './kses.ts'
import { marker } from './marker.ts'
import type { PostDraft } from './post-draft.ts'
import { compareFields, type PostField, type PostValues, type Receipt } from './receipt.ts'
import { type Context, type PublishNotes, sendPost, withoutPlugin } from './send-post.ts'

export interface PublishRequest extends Pick<CreateContext, 'intentLog' | 'settleMs'> {
  /** See `CreateContext`. By default each call is a publication of its own. */
  publication?: string
  /** See `CreateContext`. 0 by default. */
  retries?: number
  /** Its signal also ends waiting here. */
  api: WordPressApi
  post: PostDraft
  /**
   * Whether the site has the plugin. If it turns out to be gone, publishing continues without it.
   */
  hasBridge?: boolean
  /** A person’s decision on the conflict of an earlier attempt. */
  resolution?: Resolution
  /** Whether a post that was deleted in WordPress is created again. True by default. */
  replaceDeleted?: boolean
  /** Milliseconds since 1970. */
  now?: () => number
}

/**
 * Publishes an article or updates its post: images first, then terms, then the whole post in one
 * request. However often it is called, and wherever an earlier call ended, WordPress has one post
 * of the article and one attachment of each image.
 *
 * An update keeps what a person changed in WordPress. The plugin refuses an update if the post
 * changed since it was read, so no change is lost. Core REST has no such precondition: a change
 * that is saved in the milliseconds between reading and writing is overwritten, but remains in
 * WordPress’s revisions.
 * @throws WordPressError `outcome_pending` (call again after `retryAfterMs`), `post_trashed`,
 *   `post_deleted`, `post_being_edited`, `holds_unfiltered_html`, `merge_conflict` with a
 *   `Conflict` as its `data`, `changed_meanwhile`, `cannot_upload_files`, or that of a failed
 *   request; what the intent log throws; the reason of the signal
 */
export async function publishPost(request: PublishRequest): Promise<Receipt> {
  const { api, intentLog, settleMs, resolution, post: draft } = request
  const { now = Date.now, hasBridge = false, replaceDeleted = true } = request
  const { publication = crypto.randomUUID(), retries = 0 } = request
  const options = { draft, hasBridge, resolution, replaceDeleted }
  const context: Context = {
    api,
    intentLog,
    publication,
    retries,
    settleMs,
    now,
    signal: api.signal,
    ...options,
  }
  const remarks: PublishNotes = { notes: {}, warnings: [], extras: withoutPlugin(draft) }
  await refuseTouched(context, draft)
  const parts = await ensureParts(context, draft, remarks)
  const sent = valuesOf(draft, parts)
  const created = await createOnce(context, {
    kind: 'post',
    key: draft.key,
    fetchKnown: (id) => getPost(api, id, draft.key),
    find: () => findArticle(api, draft, context.hasBridge),
    create: () => sendPost(context, {}, sent, remarks),
  })
  const { post, values } = await settled(context, draft, created, sent, remarks)
  return {
    post_id: post.id,
    url: post.link,
    wp_status: post.status,
    modified_at: `${post.modified_gmt}Z`,
    slug: post.slug,
    fields: [...compareFields(values, post, remarks.notes), ...remarks.extras],
    attachments: parts.attachments,
    warnings: remarks.warnings,
  }
}

/** Checks before any upload that the known post may be written to. */
async function refuseTouched(context: Context, draft: PostDraft): Promise<void> {
  const { api, intentLog, hasBridge, replaceDeleted } = context
  const { remote_id } = await intentLog.recall('post', draft.key)
  if (remote_id === null) return
  const { key, slug } = draft
  const post = await articlePost(api, { key, slug, id: remote_id }, hasBridge)
  if (!post && !replaceDeleted) throw deleted(remote_id, draft.key)
  if (!post) return
  refuseTrashed(post)
  refuseFiltered(post)
  // The plugin checks this itself.
  if (!hasBridge && (await isBeingEdited(api, post, context.now()))) throw beingEdited(post)
}

function valuesOf(draft: PostDraft, { attachments, categories, tags }: Parts): PostValues {
  const { title, slug, excerpt, status, date_gmt } = draft
  const featured = attachments.find((image) => image.content_hash === draft.featured)
  return {
    title,
    content: draft.renderContent(attachments),
    excerpt,
    slug,
    status,
    date_gmt: date_gmt === undefined ? undefined : new Date(date_gmt).toISOString().slice(0, 19),
    featured_media: featured?.id,
    categories,
    tags,
  }
}

/**
 * Completes or updates the post that `createOnce` returned. Returns it with the values that it
 * should have now.
 */
async function settled(
  context: Context,
  draft: PostDraft,
  created: Created<Post>,
  sent: PostValues,
  remarks: PublishNotes,
): Promise<{ post: Post; values: PostValues }> {
  const record = (post: Post, state: Record<string, unknown>) =>
    context.intentLog.record('post', draft.key, { id: post.id, state })
  const { remote, how, lostId, duplicates } = created
  const article = textsOf(sent)
  if (how === 'created') await record(remote, snapshotOf(remote, article))
  if (how === 'adopted') await record(remote, snapshotOfFound(remote, article))
  refuseTrashed(remote)
  warnOfDuplicates(remarks, `post ${remote.id}`, duplicates)
  if (lostId !== null && lostId !== remote.id) {
    remarks.warnings.push(
      `The post ${lostId} of the article no longer exists in WordPress. The post ${remote.id} replaces it.`,
    )
  }
  if (how === 'created') return { post: remote, values: sent }
  if (how === 'adopted') {
    const missing = missingParts(remote, sent)
    if (Object.keys(missing).length === 0 && !context.hasBridge)
      return { post: remote, values: sent }
    const post = await sendPost(context, remote, missing, remarks)
    await record(post, snapshotOfFound(post, article))
    return { post, values: sent }
  }
  const merge = mergeTexts(created.state, remote, article, context.resolution)
  const changes = updateOf(context, created, { ...sent, ...UNSENT, ...merge.texts }, remarks)
  noteMerge(remarks, merge)
  await record(remote, whileUpdating(created.state, article, changes))
  const post = await sendPost(context, remote, changes, remarks)
  await record(post, snapshotOf(post, article, merge.all))
  return { post, values: { ...changes, ...merge.all } }
}

/** Texts are sent only where the merge requires it. */
const UNSENT = { title: undefined, excerpt: undefined, content: undefined }

const textsOf = ({ title, excerpt, content }: PostValues): Texts => ({
  title: String(title),
  excerpt: String(excerpt),
  content: String(content),
})

const KEPT_CHANGE = 'Changed in WordPress since it was published. igny8 kept that change.'

function noteMerge(remarks: PublishNotes, { edited, texts }: Merge): void {
  for (const field of edited) {
    remarks.notes[field] =
      field in texts ? 'Merged with the changes made in WordPress.' : KEPT_CHANGE
  }
}

/** WordPress adds image and terms after it has created the post, and may have died in between. */
function missingParts(post: Post, sent: PostValues): PostValues {
  const lacks = (ids: number[], wanted: PostValues[PostField]) =>
    Array.isArray(wanted) && wanted.some((id) => !ids.includes(id))
  return {
    ...(sent.featured_media && !post.featured_media && { featured_media: sent.featured_media }),
    ...(lacks(post.categories, sent.categories) && { categories: sent.categories }),
    ...(lacks(post.tags, sent.tags) && { tags: sent.tags }),
  }
}

/** The values that an update sends: all but those that a person changed in WordPress. */
function updateOf(
  context: Context,
  { remote, state }: Created<Post>,
  sent: PostValues,
  remarks: PublishNotes,
): PostValues {
  const changes = { ...sent }
  for (const field of changedChoices(state, remote)) {
    remarks.notes[field] = KEPT_CHANGE
    delete changes[field]
  }
  const isBroughtForward = remote.status === 'future' && changes.status === 'publish'
  // Otherwise WordPress would schedule it again for its old date.
  if (isBroughtForward) changes.date_gmt ??= new Date(context.now()).toISOString().slice(0, 19)
  return changes
}

function deleted(id: number, key: string): WordPressError {
  return new WordPressError({
    code: 'post_deleted',
    message:
      `The post ${id} of the article was deleted in WordPress, or its first block lost the class ${marker(key)}. ` +
      'An update does not create it again.',
    remedy: 'Restore the class, or publish the article again to create a new post.',
  })
}

function beingEdited({ id }: Post): WordPressError {
  return new WordPressError({
    code: 'post_being_edited',
    message: `Somebody is editing the post ${id} in WordPress. igny8 did not change it.`,
    remedy: 'Wait until the editor in WordPress is closed, then publish again.',
  })
}
