import { isSameText, textOf } from '../blocks/text-as-html.ts'
import { plainText } from '../http/plain-text.ts'
import type { Post } from './find-post.ts'
import type { Attachment } from './media.ts'

const POST_FIELDS = [
  'title',
  'content',
  'excerpt',
  'slug',
  'status',
  'date_gmt',
  'featured_media',
  'categories',
  'tags',
] as const

export type PostField = (typeof POST_FIELDS)[number]
export type PostValue = string | number | number[]

/** The wanted fields of a post. Title and excerpt are text. */
export type PostValues = Partial<Record<PostField, PostValue>>

/** Fields that need the bridge plugin. */
export const EXTRA_FIELDS = ['seo_title', 'seo_description', 'schema'] as const
type ExtraField = (typeof EXTRA_FIELDS)[number]

export interface FieldReceipt {
  field: PostField | ExtraField
  /** What WordPress did with the field. */
  state: 'applied' | 'altered' | 'dropped'
  /** Omitted for `content`, which is long. */
  sent?: PostValue
  got?: PostValue
  note?: string
}

/** The result of a publication, field by field. */
export interface Receipt {
  post_id: number
  /** The public address of the post, now or later. */
  url: string
  wp_status: string
  /** When WordPress last changed the post, by its own clock: ISO 8601. */
  modified_at: string
  slug: string
  fields: FieldReceipt[]
  attachments: Attachment[]
  /** Sentences for people. */
  warnings: string[]
}

/** The fields of a post as WordPress stores them. Title and excerpt are text. */
export function storedValues(post: Post): Record<PostField, PostValue> {
  const { status, slug, featured_media, categories, tags } = post
  return {
    title: textOf(post.title.raw),
    content: post.content.raw,
    excerpt: textOf(post.excerpt.raw),
    slug,
    status,
    date_gmt: post.date_gmt ?? '',
    featured_media,
    categories: categories.toSorted((a, b) => a - b),
    tags: tags.toSorted((a, b) => a - b),
  }
}

/** Compares what was sent with what WordPress stored. `notes` add what else is known of a field. */
export function compareFields(
  sent: PostValues,
  post: Post,
  notes: Partial<Record<PostField, string>>,
): FieldReceipt[] {
  const stored = storedValues(post)
  return POST_FIELDS.flatMap((field) => {
    const value = sent[field]
    const note = notes[field]
    if (value === undefined) return note ? [{ field, state: 'dropped', note }] : []
    return [compareField(field, value, stored[field], note)]
  })
}

function compareField(
  field: PostField,
  sent: PostValue,
  got: PostValue,
  note: string | undefined,
): FieldReceipt {
  const values = field === 'content' ? {} : { sent, got }
  if (isSame(field, sent, got)) {
    return { field, state: note ? 'altered' : 'applied', ...values, ...(note && { note }) }
  }
  const isGone = got === '' || got === 0 || (Array.isArray(got) && got.length === 0)
  return {
    field,
    state: isGone ? 'dropped' : 'altered',
    ...values,
    note: note ?? why(field, sent, got),
  }
}

function isSame(field: PostField, sent: PostValue, got: PostValue): boolean {
  if (field === 'title' || field === 'excerpt') return isSameText(String(sent), String(got))
  return canonical(field, sent) === canonical(field, got)
}

/** The same string for values that mean the same. */
function canonical(field: PostField, value: PostValue): string {
  if (Array.isArray(value)) return JSON.stringify(value.toSorted((a, b) => a - b))
  if (typeof value === 'number') return String(value)
  if (field === 'slug') return readableSlug(value)
  if (field === 'date_gmt')
    return value === '' ? '' : `${Date.parse(`${value.replace(/Z$/, '')}Z`)}`
  return value
}

/** WordPress keeps scripts other than Latin percent-encoded. */
function readableSlug(slug: string): string {
  try {
    return decodeURIComponent(slug)
  } catch {
    // Cut in the middle of a character.
    return slug
  }
}

function why(field: PostField, sent: PostValue, got: PostValue): string {
  if (field !== 'content') return `WordPress stored ${JSON.stringify(got)}.`
  return plainText(String(sent)) === plainText(String(got))
    ? 'WordPress’s filters changed the markup of the article, but not its text.'
    : 'WordPress stored a different text.'
}
