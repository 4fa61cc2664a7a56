import { createHash } from 'node:crypto'
import { z } from 'zod'
import { joinBlocks, splitBlocks } from '../blocks/split-blocks.ts'
import { WordPressError } from '../http/errors.ts'
import { plainText } from '../http/plain-text.ts'
import type { Post } from '../publish/find-post.ts'
import { type PostField, type PostValues, storedValues } from '../publish/receipt.ts'
import { type BlockConflict, mergeBlocks } from './merge-blocks.ts'
import { type FieldMerge, isSentText, mergeText } from './merge-text.ts'

/**
 * Fields that are merged with a person’s changes. Title and excerpt are text, the content is HTML.
 */
const TEXTS = ['title', 'excerpt', 'content'] as const
type TextField = (typeof TEXTS)[number]
export type Texts = Record<TextField, string>

/** Fields that keep a person’s changes. */
const CHOICES = ['slug', 'featured_media', 'categories', 'tags'] as const
type Choice = (typeof CHOICES)[number]

const textsSchema = z.object({ title: z.string(), excerpt: z.string(), content: z.string() })
const valueSchema = z.union([z.string(), z.number(), z.array(z.number())])

/** What the intent log stores of a post. */
const snapshotSchema = z.object({
  /** The article’s texts at the last publication; null when they are not known. */
  article: textsSchema.nullable(),
  /** The fields that were sent differently, because they were merged. */
  sent: textsSchema.partial(),
  /** The fields that WordPress stored differently, as HTML. */
  stored: textsSchema.partial(),
  choices: z.partialRecord(z.enum(CHOICES), valueSchema),
  /** An update whose response is awaited. */
  updating: z
    .object({
      article: textsSchema,
      sent: textsSchema.partial(),
      choices: z.partialRecord(z.enum(CHOICES), valueSchema),
    })
    .optional(),
})
type Snapshot = z.infer<typeof snapshotSchema>

/** Two incompatible changes of one field, or of one part of the content. */
interface ConflictHunk {
  field: TextField
  /** The text before both changes; null when it is not known. */
  base: string | null
  ours: string
  theirs: string
}

/** All conflicting changes of a post, and an id for exactly these. */
export interface Conflict {
  conflict_id: string
  clashes: ConflictHunk[]
}

/** A person’s decision: for each conflicting change, in order, one side or another text. */
export const resolutionSchema = z.object({
  /** The conflict that was decided. The decision does not apply to any other. */
  conflict_id: z.string(),
  choices: z.array(z.union([z.enum(['ours', 'theirs']), z.object({ text: z.string() })])),
})
export type Resolution = z.infer<typeof resolutionSchema>

/** The entry for the intent log once `article` was published as `sent`. */
export function snapshotOf(
  post: Post,
  article: Texts | null,
  sent: Partial<Texts> = {},
): Record<string, unknown> {
  const now = textsOf(post)
  const asSent = { ...(article ?? now), ...sent }
  const snapshot: Snapshot = {
    article,
    sent: differing(asSent, article ?? now),
    stored: differing(now, asSent),
    choices: choicesOf(storedValues(post)),
  }
  return snapshot
}

/** The entry for a post that was found: of this article, unless its texts differ. */
export function snapshotOfFound(post: Post, article: Texts): Record<string, unknown> {
  const now = textsOf(post)
  const isOfIt = TEXTS.every((field) => isOurs(field, now[field], article[field]))
  return snapshotOf(post, isOfIt ? article : null)
}

/** The entry of the intent log while an update is under way. */
export function whileUpdating(
  state: Record<string, unknown>,
  article: Texts,
  sent: PostValues,
): Record<string, unknown> {
  const texts = Object.fromEntries(
    TEXTS.flatMap((field) => (typeof sent[field] === 'string' ? [[field, sent[field]]] : [])),
  )
  return { ...state, updating: { article, sent: texts, choices: choicesOf(sent) } }
}

export interface Merge {
  /** The texts to send. Those that have not changed are left out. */
  texts: Partial<Texts>
  /** All texts of the post after the update, before WordPress’s filters. */
  all: Texts
  /** The fields that contain a person’s changes. */
  edited: PostField[]
}

/**
 * Decides what an update sends so that a person’s changes in WordPress are kept: texts are merged,
 * the content block by block. What did not change in the article is not sent.
 * @throws WordPressError `merge_conflict` with a `Conflict` as its `data`, unless `resolution`
 *   decides it
 */
export function mergeTexts(
  state: Record<string, unknown>,
  post: Post,
  article: Texts,
  resolution?: Resolution,
): Merge {
  const parsed = snapshotSchema.safeParse(state)
  const regions = TEXTS.map((field) => [
    field,
    mergeField(field, article[field], post, parsed.success ? parsed.data : undefined),
  ]) as [TextField, FieldMerge][]
  const clashes = regions.flatMap(([field, { merged }]) => clashesOf(field, merged))
  const decided = decisions(clashes, choicesFor(post, clashes, resolution))
  const all = {} as Texts
  const merge: Merge = { texts: {}, all, edited: [] }
  for (const [field, { merged, theirs, isEdited }] of regions) {
    all[field] = joinBlocks(
      merged.flatMap((part) => (Array.isArray(part) ? part : decided.next().value!)),
    )
    if (all[field] !== theirs) merge.texts[field] = all[field]
    if (isEdited) merge.edited.push(field)
  }
  return merge
}

/** The choices that a person changed in WordPress since the snapshot in the intent log. */
export function changedChoices(state: Record<string, unknown>, post: Post): PostField[] {
  const parsed = snapshotSchema.safeParse(state)
  if (!parsed.success) return []
  const { choices, updating } = parsed.data
  const now = choicesOf(storedValues(post))
  return CHOICES.filter(
    (field) =>
      choices[field] !== undefined &&
      !isSame(now[field], choices[field]) &&
      !isSame(now[field], updating?.choices[field]),
  )
}

/** @throws WordPressError `post_trashed` */
export function refuseTrashed(post: Post): void {
  if (post.status !== 'trash') return
  throw new WordPressError({
    code: 'post_trashed',
    message: `The post ${post.id} is in the WordPress trash.`,
    remedy: 'Restore the post in WordPress or delete it permanently, then publish again.',
  })
}

function mergeField(
  field: TextField,
  ours: string,
  post: Post,
  snapshot: Snapshot | undefined,
): FieldMerge {
  const now = post[field].raw
  const last = snapshot && lastOf(field, now, snapshot)
  if (field !== 'content') return mergeText(ours, now, last)
  if (!last) {
    const isOfIt = isOurs(field, now, ours)
    const clash = { base: [], ours: [ours], theirs: [now] }
    return { merged: [isOfIt ? [now] : clash], theirs: now, isEdited: !isOfIt }
  }
  const { base, sent, stored } = last
  if (now === stored && sent === base) return { merged: [[ours]], theirs: sent, isEdited: false }
  const theirs = asSent(splitBlocks(now), sent, stored)
  const sides = [splitBlocks(base), splitBlocks(ours), theirs] as const
  const merged = mergeBlocks(...sides)
  const clash = { base: sides[0], ours: sides[1], theirs }
  return {
    merged: isSound(merged) ? merged : [clash],
    theirs: joinBlocks(theirs),
    isEdited: joinBlocks(theirs) !== base,
  }
}

/** Whether a field in WordPress is what was sent, or what WordPress’s filters made of it. */
function isOurs(field: TextField, now: string, ours: string): boolean {
  return field === 'content' ? plainText(now) === plainText(ours) : isSentText(now, ours)
}

/** False when a block that was never closed would swallow the blocks after it. */
function isSound(merged: FieldMerge['merged']): boolean {
  const written = (blocks: string[]) => blocks.filter((block) => block.startsWith('<!-- wp:'))
  const blocks = merged.flatMap((part) => (Array.isArray(part) ? part : part.theirs))
  return written(splitBlocks(joinBlocks(blocks))).length === written(blocks).length
}

/**
 * What was sent last and what WordPress stored of it. If the awaited update arrived, it is that
 * one.
 */
function lastOf(field: TextField, now: string, { article, sent, stored, updating }: Snapshot) {
  const before = article && { base: article[field], sent: sent[field] ?? article[field] }
  const storedBefore = before && (stored[field] ?? before.sent)
  const awaited = updating?.sent[field]
  if (updating && awaited !== undefined && now !== storedBefore) {
    if (isOurs(field, now, awaited)) {
      return { base: updating.article[field], sent: awaited, stored: now }
    }
  }
  return before && { ...before, stored: storedBefore! }
}

/** Replaces the blocks that only WordPress’s filters changed by those that were sent. */
function asSent(now: string[], sent: string, stored: string): string[] {
  const sentBlocks = splitBlocks(sent)
  const storedBlocks = splitBlocks(stored)
  if (sentBlocks.length !== storedBlocks.length) return now
  const known = new Map(storedBlocks.map((block, at) => [block, sentBlocks[at]!]))
  return now.map((block) => known.get(block) ?? block)
}

function clashesOf(field: TextField, merged: FieldMerge['merged']): ConflictHunk[] {
  return merged
    .filter((part): part is BlockConflict => !Array.isArray(part))
    .map(({ base, ours, theirs }) => ({
      field,
      base: base.length > 0 ? joinBlocks(base) : null,
      ours: joinBlocks(ours),
      theirs: joinBlocks(theirs),
    }))
}

function choicesFor(post: Post, clashes: ConflictHunk[], resolution: Resolution | undefined) {
  if (clashes.length === 0) return []
  const conflict_id = createHash('sha256').update(JSON.stringify(clashes)).digest('hex')
  const isOfThese = resolution?.conflict_id === conflict_id
  if (isOfThese && resolution.choices.length === clashes.length) return resolution.choices
  throw conflictOf(post, { conflict_id, clashes })
}

function* decisions(
  clashes: ConflictHunk[],
  choices: Resolution['choices'],
): Generator<string[], undefined> {
  for (const [at, { ours, theirs }] of clashes.entries()) {
    const choice = choices[at]!
    const text = choice === 'ours' ? ours : choice === 'theirs' ? theirs : choice.text
    yield text === '' ? [] : [text]
  }
}

function conflictOf(post: Post, data: Conflict): WordPressError {
  const fields = [...new Set(data.clashes.map(({ field }) => field))].join(', ')
  return new WordPressError({
    code: 'merge_conflict',
    message: `The post ${post.id} was edited in WordPress in the same places as the article (${fields}). igny8 did not overwrite it.`,
    remedy: 'Compare both versions and choose one for each place. igny8 then publishes the result.',
    data,
  })
}

const textsOf = ({ title, excerpt, content }: Post): Texts => ({
  title: title.raw,
  excerpt: excerpt.raw,
  content: content.raw,
})

function differing(texts: Texts, from: Texts): Partial<Texts> {
  return Object.fromEntries(
    TEXTS.flatMap((field) => (texts[field] === from[field] ? [] : [[field, texts[field]]])),
  )
}

function choicesOf(values: PostValues): Snapshot['choices'] {
  return Object.fromEntries(
    CHOICES.flatMap((field) => {
      const value = values[field]
      if (value === undefined) return []
      return [[field, Array.isArray(value) ? value.toSorted((a, b) => a - b) : value]]
    }),
  )
}

function isSame(one: Snapshot['choices'][Choice], other: Snapshot['choices'][Choice]): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
