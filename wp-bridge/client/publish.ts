import { bridgePost, isAbsent, type PostExtras, putPost } from './bridge.ts'
import { type CreateContext, type Created, createOnce, type Found } from './create-once.ts'
import { changedChoices, refuseTrashed, snapshotOf, whileUpdating } from './edits.ts'
import { WordPressError } from './errors.ts'
import { findPost, getPost, type Post, postSchema } from './find-post.ts'
import { type Attachment, ensureAttachment, type ImageFile } from './media.ts'
import {
  compareFields,
  EXTRA_FIELDS,
  type FieldReceipt,
  type PostField,
  type PostValues,
  type Receipt,
} from './receipt.ts'
import { ensureTerms, type Taxonomy } from './terms.ts'
import type { WordPressApi } from './transport.ts'

/** An article to be published. */
export interface PostDraft {
  /** Names the post in the journal, and with `marker(key)` in WordPress. */
  key: string
  title: string
  slug: string
  excerpt: string
  status: 'publish' | 'draft' | 'pending' | 'future'
  /** For `future`: an ISO 8601 time in UTC. */
  date_gmt?: string
  category: string | null
  tags: string[]
  images: ImageFile[]
  /** The `content_hash` of one of the images. */
  featured: string | null
  /** What the plugin can do beside; without it the receipt names it as dropped. */
  extras?: PostExtras
  /** The article with its images in place, its first block bearing `marker(key)`. */
  renderContent(attachments: Attachment[]): string
}

export interface PublishRequest extends Pick<CreateContext, 'journal' | 'settleMs'> {
  /** Its signal ends the waiting here too. */
  api: WordPressApi
  post: PostDraft
  /** Whether the site has the plugin; one that turns out to be gone is done without. */
  hasBridge?: boolean
  /** Milliseconds since 1970. */
  now?: () => number
}

type Context = CreateContext & { api: WordPressApi; draft: PostDraft; hasBridge: boolean }

/** Notes and warnings that collect on the way to the receipt. */
interface Remarks {
  notes: Partial<Record<PostField, string>>
  warnings: string[]
  /** What became of the extras. */
  extras: FieldReceipt[]
}

/**
 * Publishes an article, or updates the post that it has: images first, then terms, then the whole
 * post in one request. However often it is called, and wherever an earlier call ended, WordPress
 * has one post of the article and one attachment of each image.
 * @throws WordPressError `outcome_pending` (call again after `retryAfterMs`), `post_trashed`,
 *   `edited_in_wordpress`, `cannot_upload_files`, or that of a failed request; what the journal
 *   throws; the reason of the signal
 */
export async function publishPost(request: PublishRequest): Promise<Receipt> {
  const { api, journal, settleMs, now = Date.now, post: draft, hasBridge = false } = request
  const context = { api, journal, settleMs, now, signal: api.signal, draft, hasBridge }
  const remarks: Remarks = { notes: {}, warnings: [], extras: withoutPlugin(draft) }
  await refuseTouched(context, draft)
  const attachments = await ensureImages(context, draft, remarks)
  const sent = await valuesOf(context, draft, attachments, remarks)
  const created = await createOnce(context, {
    kind: 'post',
    key: draft.key,
    fetchKnown: (id) => getPost(api, id),
    find: () => find(context),
    create: () => sendPost(context, undefined, sent, remarks),
  })
  const post = await settled(context, draft, created, sent, remarks)
  return {
    post_id: post.id,
    url: post.link,
    wp_status: post.status,
    slug: post.slug,
    fields: [...compareFields(sent, post, remarks.notes), ...remarks.extras],
    attachments,
    warnings: remarks.warnings,
  }
}

/** Before anything is uploaded: may the post that the journal knows be written to? */
async function refuseTouched({ api, journal }: Context, draft: PostDraft): Promise<void> {
  const { remote_id, state } = await journal.recall('post', draft.key)
  const post = remote_id === null ? null : await getPost(api, remote_id)
  if (!post) return
  refuseTrashed(post)
  changedChoices(state, post)
}

async function ensureImages(context: Context, draft: PostDraft, remarks: Remarks) {
  const attachments: Attachment[] = []
  for (const image of new Map(draft.images.map((image) => [image.content_hash, image])).values()) {
    const { attachment, duplicates } = await ensureAttachment(context, image)
    attachments.push(attachment)
    warnOfDuplicates(remarks, `image ${attachment.id}`, duplicates)
  }
  return attachments
}

async function valuesOf(
  context: Context,
  draft: PostDraft,
  attachments: Attachment[],
  remarks: Remarks,
): Promise<PostValues> {
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
    categories: await termIds(
      context,
      'categories',
      draft.category ? [draft.category] : [],
      remarks,
    ),
    tags: await termIds(context, 'tags', draft.tags, remarks),
  }
}

async function termIds(
  context: Context,
  taxonomy: Taxonomy,
  names: string[],
  remarks: Remarks,
): Promise<number[] | undefined> {
  const { ids, dropped } = await ensureTerms(context, taxonomy, names)
  if (dropped.length > 0) {
    const missing = dropped.map(({ name }) => name).join(', ')
    remarks.notes[taxonomy] = `Not in WordPress, and not to be created by this user: ${missing}.`
  }
  return ids.length > 0 ? ids : undefined
}

/** The post with everything in it, whatever `createOnce` came upon. */
async function settled(
  context: Context,
  draft: PostDraft,
  created: Created<Post>,
  sent: PostValues,
  remarks: Remarks,
): Promise<Post> {
  const record = (post: Post, state: Record<string, unknown>) =>
    context.journal.record('post', draft.key, { id: post.id, state })
  const { remote, how, lostId, duplicates } = created
  if (how !== 'known') await record(remote, snapshotOf(remote))
  refuseTrashed(remote)
  warnOfDuplicates(remarks, `post ${remote.id}`, duplicates)
  if (lostId !== null && lostId !== remote.id) {
    remarks.warnings.push(`The post ${lostId} was deleted in WordPress; ${remote.id} replaces it.`)
  }
  if (how === 'created') return remote
  const changes =
    how === 'adopted' ? missingParts(remote, sent) : updateOf(context, created, sent, remarks)
  if (Object.keys(changes).length === 0 && !context.hasBridge) return remote
  if (how === 'known') await record(remote, whileUpdating(created.state, changes))
  const post = await sendPost(context, remote.id, changes, remarks)
  await record(post, snapshotOf(post))
  return post
}

/** WordPress adds image and terms after it has made the post, and may have died between. */
function missingParts(post: Post, sent: PostValues): PostValues {
  const lacks = (ids: number[], wanted: PostValues[PostField]) =>
    Array.isArray(wanted) && wanted.some((id) => !ids.includes(id))
  return {
    ...(sent.featured_media && !post.featured_media && { featured_media: sent.featured_media }),
    ...(lacks(post.categories, sent.categories) && { categories: sent.categories }),
    ...(lacks(post.tags, sent.tags) && { tags: sent.tags }),
  }
}

/** What an update sends: all but what somebody chose otherwise in WordPress. */
function updateOf(
  context: Context,
  { remote, state }: Created<Post>,
  sent: PostValues,
  remarks: Remarks,
): PostValues {
  const changes = { ...sent }
  for (const field of changedChoices(state, remote)) {
    remarks.notes[field] = 'Changed in WordPress since it was published; left as it is.'
    delete changes[field]
  }
  const isBroughtForward = remote.status === 'future' && changes.status === 'publish'
  // WordPress would schedule it again for the date that it has.
  if (isBroughtForward) changes.date_gmt ??= new Date(context.now()).toISOString().slice(0, 19)
  return changes
}

/** A user who may not publish hands the post in for review instead. */
async function sendPost(
  context: Context,
  id: number | undefined,
  values: PostValues,
  remarks: Remarks,
): Promise<Post> {
  try {
    return await deliver(context, id, values, remarks)
  } catch (error) {
    if (!(error instanceof WordPressError) || error.wpCode !== 'rest_cannot_publish') throw error
    remarks.notes.status = 'The WordPress user may not publish: the post waits for review.'
    remarks.warnings.push(remarks.notes.status)
    return deliver(context, id, { ...values, status: 'pending' }, remarks)
  }
}

/** Through the plugin where it is there, by WordPress's own REST API where it is not. */
async function deliver(
  context: Context,
  id: number | undefined,
  values: PostValues,
  remarks: Remarks,
): Promise<Post> {
  const { api, draft } = context
  if (context.hasBridge) {
    try {
      const { post, fields } = await putPost(api, draft.key, { ...values, ...draft.extras }, id)
      remarks.extras = fields.flatMap((line) => {
        const field = EXTRA_FIELDS.find((name) => name === line.field)
        return field ? [{ ...line, field }] : []
      })
      return post
    } catch (error) {
      if (!isAbsent(error)) throw error
      context.hasBridge = false
      remarks.warnings.push('The igny8 plugin is not active in WordPress any more.')
    }
  }
  return id === undefined
    ? api.create('wp/v2/posts', postSchema, values)
    : api.update(`wp/v2/posts/${id}`, postSchema, values)
}

/** By its key where the plugin knows it, else by its mark. */
async function find({ api, draft, hasBridge }: Context): Promise<Found<Post> | null> {
  const remote = hasBridge ? await bridgePost(api, draft.key) : null
  return remote ? { remote, duplicates: [] } : findPost(api, draft)
}

/** What WordPress cannot do of itself. */
function withoutPlugin({ extras }: PostDraft): FieldReceipt[] {
  if (!extras) return []
  const note = 'WordPress takes it through the igny8 plugin alone.'
  const fields = {
    seo_title: extras.seo.title,
    seo_description: extras.seo.description,
    schema: extras.schema.article || extras.schema.faq.length > 0,
  }
  return EXTRA_FIELDS.filter((field) => fields[field]).map((field) => ({
    field,
    state: 'dropped',
    note,
  }))
}

function warnOfDuplicates(remarks: Remarks, kept: string, duplicates: number[]): void {
  if (duplicates.length === 0) return
  remarks.warnings.push(
    `WordPress has copies of the ${kept}, which were made there: ${duplicates.join(', ')}.`,
  )
}
