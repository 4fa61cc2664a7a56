import { isSameText, textOf } from '../blocks/text-as-html.ts'
import { plainText } from '../http/plain-text.ts'
import { type Merged, mergeBlocks } from './merge-blocks.ts'

/** What a field becomes. */
export interface FieldMerge {
  merged: Merged[]
  /** The field as WordPress has it, in the words in which it was sent where nobody changed them. */
  theirs: string
  isEdited: boolean
}

/** A text as it was last sent, and the HTML that WordPress stored of it. */
interface Last {
  base: string
  sent: string
  stored: string
}

/** Title and excerpt: what `now`, their HTML in WordPress, reads as. */
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

/** Whether HTML in WordPress is the text that was sent, or what WordPress's filters left of it. */
export function isSentText(html: string, text: string): boolean {
  return isSameText(textOf(html), text) || plainText(html) === plainText(text)
}
