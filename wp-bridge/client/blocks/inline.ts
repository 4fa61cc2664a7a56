import type { DefaultTreeAdapterTypes } from 'parse5'

export type Node = DefaultTreeAdapterTypes.ChildNode
export type Element = DefaultTreeAdapterTypes.Element
type Text = DefaultTreeAdapterTypes.TextNode

/** The inline elements that are kept, and the names that the block editor gives them. */
const INLINE: Record<string, string> = {
  a: 'a',
  b: 'strong',
  strong: 'strong',
  cite: 'em',
  em: 'em',
  i: 'em',
  code: 'code',
  kbd: 'kbd',
  del: 's',
  s: 's',
  sub: 'sub',
  sup: 'sup',
}

/** Elements that are replaced by their content and do not separate words. */
const TRANSPARENT = new Set(['abbr', 'ins', 'mark', 'q', 'small', 'span', 'time', 'u'])

export const inlineNames = [...Object.keys(INLINE), ...TRANSPARENT, 'br']

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\u00a0': '&nbsp;',
  // With three digits, as WordPress’s own filters write it. Keeps shortcodes from starting.
  '[': '&#091;',
  '/': '&#047;',
}
const CHARACTERS = new Map(Object.entries(ENTITIES).map(([character, name]) => [name, character]))

export function isElement(node: Node): node is Element {
  return 'tagName' in node
}

export function isText(node: Node): node is Text {
  return node.nodeName === '#text'
}

/** Whether a node and everything in it is inline. */
export function isInline(node: Node): boolean {
  if (!isElement(node)) return true
  const known = inline.get(node)
  if (known !== undefined) return known
  const is = inlineNames.includes(node.tagName) && node.childNodes.every(isInline)
  inline.set(node, is)
  return is
}

/** A cache, because each level around an element asks again. */
const inline = new WeakMap<Element, boolean>()

/** Removes control characters, which make the feed of a site invalid XML. */
export function withoutControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these characters are removed
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f\ufffe\uffff]/g, '')
}

/** Escapes the text of an element so that WordPress finds nothing to act on. */
function escapeText(text: string): string {
  return withoutControls(text).replace(/[&<>\u00a0[]/g, (character) => ENTITIES[character]!)
}

/** Escapes the text of an attribute in double quotes in the same way. */
export function escapeAttribute(text: string): string {
  return escapeText(text).replaceAll('"', '&quot;')
}

/** The text that a reader sees of inline HTML from this module. */
export function shownText(content: string): string {
  return content
    .replaceAll('<br>', '\n')
    .replace(/<[^<>]*>/g, '')
    .replace(/&#?\w+;/g, (entity) => CHARACTERS.get(entity) ?? entity)
}

/** Writes nodes as inline HTML on one line. `separator` replaces the boundaries of blocks. */
export function inlineHtml(nodes: Node[], separator: ' ' | '<br>' = ' '): string {
  return apartFromEmbeds(joined(lines(nodes, new Set()), separator))
}

/** Writes nodes as inline HTML that is strong as a whole. */
export function strongHtml(nodes: Node[]): string {
  const content = joined(lines(nodes, new Set(['strong'])), ' ')
  return content && `<strong>${content}</strong>`
}

const preformattedText = (nodes: Node[]) =>
  treeText(nodes, (tagName) => (tagName === 'br' ? '\n' : ''))

/** Writes text whose white space counts, as in a `pre`. */
export function preformattedHtml(nodes: Node[]): string {
  return apartFromEmbeds(escapeText(preformattedText(nodes)).replace(/^\n+/, '').trimEnd())
}

/**
 * The text of nodes as it is in the source. `after` returns what follows the text of an element.
 */
export function treeText(nodes: Node[], after: (tagName: string) => string = () => ''): string {
  const pieces: string[] = []
  const walk = (node: Node): void => {
    if (isText(node)) pieces.push(node.value)
    if (!isElement(node)) return
    node.childNodes.forEach(walk)
    pieces.push(after(node.tagName))
  }
  nodes.forEach(walk)
  return pieces.join('')
}

function lines(nodes: Node[], within: ReadonlySet<string>): string[] {
  const result = ['']
  const append = (added: string[]) => {
    for (const [i, line] of added.entries()) result.push(i === 0 ? result.pop() + line : line)
  }
  for (const node of nodes) {
    if (isText(node)) append([escapeText(node.value.replace(/[ \t\n\f\r]+/g, ' '))])
    else if (!isElement(node)) continue
    else if (node.tagName === 'br') append(['<br>'])
    else if (inlineNames.includes(node.tagName)) append(formatted(node, within))
    else append(['', ...lines(node.childNodes, within), ''])
  }
  return result
}

/**
 * The lines of an inline element. An element within one of the same name is not repeated. If the
 * content has several lines, only the first one is linked, so that a long address appears once.
 */
function formatted(element: Element, within: ReadonlySet<string>): string[] {
  const name = INLINE[element.tagName]
  const attributes = name === 'a' ? linkAttributes(element) : ''
  if (!name || within.has(name) || attributes === null) return lines(element.childNodes, within)
  const inner = lines(element.childNodes, new Set([...within, name]))
  const shown = inner.findIndex((line) => !isBlank(line))
  return inner.map((line, i) =>
    isBlank(line) || (attributes && i !== shown) ? line : `<${name}${attributes}>${line}</${name}>`,
  )
}

/** Null for an address that an article may not link to. */
function linkAttributes(element: Element): string | null {
  const href = element.attrs.find(({ name }) => name === 'href')?.value.trim() ?? ''
  if (/^\/(?:[^\s\\/][^\s\\]*)?$/.test(href)) return ` href="${escapeAttribute(href)}"`
  const url = URL.parse(href)
  if (!url || !['http:', 'https:', 'mailto:'].includes(url.protocol)) return null
  return ` href="${escapeAttribute(url.href)}" rel="nofollow"`
}

function isBlank(content: string): boolean {
  return content.replace(/<[^<>]*>|&nbsp;/g, '').trim() === ''
}

function joined(parts: string[], separator: string): string {
  const short = parts
    .filter((part) => !isBlank(part))
    .join(separator)
    .replace(/ +/g, ' ')
    .replace(/ ?<br> ?/g, '<br>')
    .replace(/(?:<br>){3,}/g, '<br><br>')
  return short.replace(/^(?: |<br>)+|(?: |<br>){1,4}$/g, '')
}

/** Escapes an address alone on its line, which WordPress would replace by an embed. */
function apartFromEmbeds(content: string): string {
  return content.replace(
    /^([^\S\n\r\u2028\u2029]*https?:)\/\/(?=[^\s<>"]+[^\S\n\r\u2028\u2029]*$)/gim,
    '$1&#047;&#047;',
  )
}
