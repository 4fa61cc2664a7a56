import { parseFragment } from 'parse5'
import { treeText, withoutControls } from './inline.ts'

/**
 * Text for a field that WordPress prints as HTML: a title, an excerpt, a term's name, an alternative
 * text. It reads exactly as it is, and nothing in it acts: no tag, no block's comment, no shortcode, no
 * end of the CDATA in which feeds print excerpts.
 *
 * An `&` that begins no entity stays, as WordPress's editor leaves it. `%ab` is written as an entity
 * since WordPress takes it out of names and alternative texts (`sanitize_text_field`).
 */
export function htmlOf(text: string): string {
  return withoutControls(text)
    .replace(/&(?=#?\w+;)/g, '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('[', '&#091;')
    .replace(/%(?=[\da-f]{2})/gi, '&#37;')
}

/** The text that a reader sees of such a field, in which a tag that somebody wrote is shown as it is. */
export function textOf(html: string): string {
  const escaped = escapeBareAmpersands(html).replaceAll('<', '&lt;')
  return treeText(parseFragment(escaped).childNodes)
}

/** Escapes each `&` that begins no entity. */
export function escapeBareAmpersands(html: string): string {
  return html.replace(/&(#?\w+;)?/g, (found, entity) => (entity ? found : '&amp;'))
}

/** Whether two texts read the same: WordPress trims them, and sometimes collapses their spaces. */
export function isSameText(one: string, other: string): boolean {
  return normalizedText(one) === normalizedText(other)
}

/** The same for all texts that read the same: NFC, without control characters and needless spaces. */
export function normalizedText(text: string): string {
  return withoutControls(text).normalize('NFC').replace(/\s+/g, ' ').trim()
}
