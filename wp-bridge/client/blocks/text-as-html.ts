import { parseFragment } from 'parse5'
import { treeText, withoutControls } from './inline.ts'

/**
 * Writes text for a field that WordPress prints as HTML: a title, an excerpt, the name of a term,
 * an alternative text. Readers see the text unchanged, and nothing in it acts: no tag, no block
 * comment, no shortcode, no end of the CDATA section in which feeds print excerpts.
 *
 * An `&` that starts no entity stays, as in WordPress’s editor. `%ab` becomes an entity because
 * `sanitize_text_field` removes it from names and alternative texts.
 */
export function htmlOf(text: string): string {
  return withoutControls(text)
    .replace(/&(?=#?\w+;)/g, '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('[', '&#091;')
    .replace(/%(?=[\da-f]{2})/gi, '&#37;')
}

/** The text that a reader sees of such a field. Tags in it are shown as text. */
export function textOf(html: string): string {
  const escaped = escapeBareAmpersands(html).replaceAll('<', '&lt;')
  return treeText(parseFragment(escaped).childNodes)
}

/** Escapes each `&` that starts no entity. */
export function escapeBareAmpersands(html: string): string {
  return html.replace(/&(#?\w+;)?/g, (found, entity) => (entity ? found : '&amp;'))
}

/** Whether two texts read the same. WordPress trims texts and sometimes collapses their spaces. */
export function isSameText(one: string, other: string): boolean {
  return normalizedText(one) === normalizedText(other)
}

/** The form that texts which read the same share: NFC, collapsed spaces, no control characters. */
export function normalizedText(text: string): string {
  return withoutControls(text).normalize('NFC').replace(/\s+/g, ' ').trim()
}
