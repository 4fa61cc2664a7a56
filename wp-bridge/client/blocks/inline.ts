import type { DefaultTreeAdapterTypes } from 'parse5'

export type Node = DefaultTreeAdapterTypes.ChildNode
export type Element = DefaultTreeAdapterTypes.Element
type Text = DefaultTreeAdapterTypes.TextNode

/** The inline elements that are kept, by the name that the block editor writes them with. */
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

/** Elements of which only the content is kept, and which separate no words. */
const TRANSPARENT = new Set(['abbr', 'ins', 'mark', 'q', 'small', 'span', 'time', 'u'])

export const inlineNames = [...Object.keys(INLINE), ...TRANSPARENT, 'br']

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\u00a0': '&nbsp;',
  // With three digits, as WordPress's own filters leave it, and no shortcode begins.
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

/** Whether a node belongs within a line of text, with all that it holds. */
export function isInline(node: Node): boolean {
  if (!isElement(node)) return true
  const known = inline.get(node)
  if (known !== undefined) return known
  const is = inlineNames.includes(node.tagName) && node.childNodes.every(isInline)
  inline.set(node, is)
  return is
}

/** Looked up once an element, since each level around it asks. */
const inline = new WeakMap<Element, boolean>()

/** Text without control characters, which make a site's feed invalid XML. */
export function withoutControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f\ufffe\uffff]/g, '')
}

/** Text as it stands in an element, where WordPress finds nothing to act on. */
function escapeText(text: string): string {
  return withoutControls(text).replace(/[&<>\u00a0[]/g, (character) => ENTITIES[character]!)
}

/** The same between double quotes. */
export function escapeAttribute(text: string): string {
  return escapeText(text).replaceAll('"', '&quot;')
}

/** What a reader sees of inline HTML that was made here. */
export function shownText(content: string): string {
  return content
    .replaceAll('<br>', '\n')
    .replace(/<[^<>]*>/g, '')
    .replace(/&#?\w+;/g, (entity) => CHARACTERS.get(entity) ?? entity)
}

/** Inline HTML on one line; `separator` stands where a block began or ended. */
export function inlineHtml(nodes: Node[], separator: ' ' | '<br>' = ' '): string {
  return apartFromEmbeds(joined(lines(nodes, new Set()), separator))
}

/** The same, all of it strong. */
export function strongHtml(nodes: Node[]): string {
  const content = joined(lines(nodes, new Set(['strong'])), ' ')
  return content && `<strong>${content}</strong>`
}

const preformattedText = (nodes: Node[]) =>
  treeText(nodes, (tagName) => (tagName === 'br' ? '\n' : ''))

/** Text whose white space counts, as in a `pre`. */
export function preformattedHtml(nodes: Node[]): string {
  return apartFromEmbeds(escapeText(preformattedText(nodes)).replace(/^\n+/, '').trimEnd())
}

/** The text of nodes as it stands in the source; `after` gives what follows an element's text. */
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
 * An inline element's lines; one that its parents are already is not repeated. Of several, a link
 * is the first: its address, which may be long, stands once.
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

/** Null for an address that is no link in an article. */
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

/** WordPress replaces an address alone on its line by what it fetches there. */
function apartFromEmbeds(content: string): string {
  return content.replace(
    /^([^\S\n\r\u2028\u2029]*https?:)\/\/(?=[^\s<>"]+[^\S\n\r\u2028\u2029]*$)/gim,
    '$1&#047;&#047;',
  )
}
