import { createHash } from 'node:crypto'
import { z } from 'zod'
import { WordPressError } from './errors.ts'
import type { Post } from './find-post.ts'
import { plainText } from './plain-text.ts'
import { type PostField, type PostValues, storedValues } from './receipt.ts'

/** Fields that a person may have worked on: a change to one of them stops an update. */
const TEXTS: PostField[] = ['title', 'content', 'excerpt']

/** Fields that are left as they are when a person changed them. */
const CHOICES: PostField[] = ['slug', 'featured_media', 'categories', 'tags']

const hashes = z.record(z.string(), z.string())

/** What the journal keeps of a post. */
const snapshotSchema = z.object({
  /** Of each field as WordPress stored it. */
  stored: hashes.default({}),
  /** Of each field's readable text as an update sends it whose answer is still awaited. */
  updating: hashes.default({}),
})

export type Snapshot = z.infer<typeof snapshotSchema>

/** The post as it is now, for the journal. */
export function snapshotOf(post: Post): Snapshot {
  return { stored: hashed(storedValues(post), asStored), updating: {} }
}

/** The same, while an update is on its way. */
export function whileUpdating(state: Record<string, unknown>, sent: PostValues): Snapshot {
  return { stored: snapshotSchema.parse(state).stored, updating: hashed(sent, plainText) }
}

/**
 * The fields that somebody changed in WordPress since the journal's snapshot, and that are not
 * text.
 * @throws WordPressError `edited_in_wordpress` when text was changed
 */
export function changedChoices(state: Record<string, unknown>, post: Post): PostField[] {
  const { stored, updating } = snapshotSchema.parse(state)
  const now = hashed(storedValues(post), asStored)
  // WordPress's filters may have written what an unanswered update sent in another way.
  const read = hashed(storedValues(post), plainText)
  const changed = (field: PostField) =>
    stored[field] !== undefined && now[field] !== stored[field] && read[field] !== updating[field]
  const texts = TEXTS.filter(changed)
  if (texts.length === 0) return CHOICES.filter(changed)
  throw new WordPressError({
    code: 'edited_in_wordpress',
    message: `The post ${post.id} was edited in WordPress since it was published (${texts.join(', ')}), and is not overwritten.`,
    remedy:
      'Take the changes over into the article, or undo them in WordPress, where its revisions are kept.',
  })
}

/** @throws WordPressError `post_trashed` */
export function refuseTrashed(post: Post): void {
  if (post.status !== 'trash') return
  throw new WordPressError({
    code: 'post_trashed',
    message: `The post ${post.id} is in the trash of WordPress, and is left there.`,
    remedy: 'Restore the post in WordPress, or delete it there for good, and publish again.',
  })
}

function hashed(values: PostValues, reading: (text: string) => string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([field, value = '']) => {
      const text = typeof value === 'string' ? reading(value) : JSON.stringify(value)
      return [field, createHash('sha256').update(text).digest('hex')]
    }),
  )
}

const asStored = (text: string) => text
