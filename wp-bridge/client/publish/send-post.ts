import { htmlOf } from '../blocks/text-as-html.ts'
import { isAbsent, putPost } from '../connect/bridge.ts'
import { WordPressError } from '../http/errors.ts'
import type { WordPressApi } from '../http/transport.ts'
import type { Resolution } from '../merge/edits.ts'
import type { CreateContext } from './create-once.ts'
import { type Post, postSchema } from './find-post.ts'
import { refuseFiltered } from './kses.ts'
import type { PostDraft } from './post-draft.ts'
import { EXTRA_FIELDS, type FieldReceipt, type PostField, type PostValues } from './receipt.ts'

/** What every step of publishing an article uses. */
export type Context = CreateContext & {
  api: WordPressApi
  draft: PostDraft
  hasBridge: boolean
  resolution: Resolution | undefined
  replaceDeleted: boolean
}

/** Notes and warnings for the receipt. */
export interface PublishNotes {
  notes: Partial<Record<PostField, string>>
  warnings: string[]
  /** The receipt of the extra fields. */
  extras: FieldReceipt[]
}

/** The existing post as it was read, or an empty object for a new one. */
type Before = Post | { id?: never }

/** Sends the post. A user who may not publish submits it for review instead. */
export async function sendPost(
  context: Context,
  before: Before,
  values: PostValues,
  remarks: PublishNotes,
): Promise<Post> {
  try {
    return await deliver(context, before, values, remarks)
  } catch (error) {
    if (!(error instanceof WordPressError) || error.wpCode !== 'rest_cannot_publish') throw error
    remarks.notes.status =
      'The WordPress user is not allowed to publish, so the post waits for review.'
    remarks.warnings.push(remarks.notes.status)
    return deliver(context, before, { ...values, status: 'pending' }, remarks)
  }
}

/** WordPress takes title and excerpt as HTML. */
function asHtml(values: PostValues): PostValues {
  const { title, excerpt } = values
  return {
    ...values,
    ...(title !== undefined && { title: htmlOf(String(title)) }),
    ...(excerpt !== undefined && { excerpt: htmlOf(String(excerpt)) }),
  }
}

/** Sends through the plugin if it is active, else through WordPress’s own REST API. */
async function deliver(
  context: Context,
  before: Before,
  values: PostValues,
  remarks: PublishNotes,
): Promise<Post> {
  const { api, draft } = context
  const { id } = before
  const body = asHtml(values)
  if (id !== undefined) refuseFiltered(before)
  if (context.hasBridge) {
    try {
      const { post, fields } = await putPost(api, draft.key, { ...body, ...draft.extras }, before)
      remarks.extras = fields.flatMap((line) => {
        const field = EXTRA_FIELDS.find((name) => name === line.field)
        return field ? [{ ...line, field }] : []
      })
      return post
    } catch (error) {
      if (!isAbsent(error)) throw error
      context.hasBridge = false
      remarks.warnings.push('The igny8 plugin is no longer active in WordPress.')
    }
  }
  return id === undefined
    ? api.create('wp/v2/posts', postSchema(api), body)
    : api.update(`wp/v2/posts/${id}`, postSchema(api), body)
}

/** The extra fields, which WordPress cannot write without the plugin. */
export function withoutPlugin({ extras }: PostDraft): FieldReceipt[] {
  if (!extras) return []
  const note = 'This needs the igny8 plugin in WordPress.'
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
