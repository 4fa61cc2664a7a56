import { isSameText, textOf } from '../blocks/text-as-html.ts'
import { plainText } from '../http/plain-text.ts'
import { type Merged, mergeBlocks } from './merge-blocks.ts'

/** The merge of a field. */
export interface FieldMerge {
  merged: Merged[]
  /** The field in WordPress, or what was sent if only WordPress’s filters changed it. */
  theirs: string
  isEdited: boolean
}

/** A text at the last publication, and the HTML that WordPress stored of it. */
interface Last {
  base: string
  sent: string
  stored: string
}

/** Merges a title or an excerpt. `now` is its HTML in WordPress. */
export function mergeText(ours: string, now: string, last: Last | null | undefined): FieldMerge {
  const text = textOf(now)
  if (!last) {
    const clash = { base: [], ours: [ours], theirs: [text] }
    if (!isSentText(now, ours)) return { merged: [clash], theirs: text, isEdited: true }
    return { merged: [[ours]], theirs: ours, isEdited: false }
  }
  const { base, sent, stored } = last
  const isAsSent = now === stored || isSameText(text, sent)
  const theirs = isAsSent ? sent : text
  const merged = mergeBlocks([base], [ours], [theirs])
  return { merged, theirs, isEdited: theirs !== base }
}

/** Whether HTML in WordPress is the text that was sent, or what WordPress’s filters made of it. */
export function isSentText(html: string, text: string): boolean {
  return isSameText(textOf(html), text) || plainText(html) === plainText(text)
}
