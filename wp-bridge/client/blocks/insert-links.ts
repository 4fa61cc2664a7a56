import { type ArticleTree, elementNode, textNode } from './article-tree.ts'
import { type Element, isText, type Node } from './inline.ts'

type Text = ReturnType<typeof textNode>

/** Text in these elements is never linked. */
const CLOSED = new Set(['a', 'code', 'pre', 'figcaption'])
/** Text in these elements may be linked. */
const OPEN = new Set(['p', 'li', 'td', 'blockquote'])

/** Shorter words are too ambiguous to link. */
const MIN_ANCHOR = 3
/** How many occurrences of the first word of an anchor are compared with the whole anchor. */
const MAX_PLACES = 200

export interface Link {
  /** On the same site, absolute or relative. */
  url: string
  /** The text of the link when no anchor is found. */
  title: string
  /** Texts that may become the link, the best first. */
  anchors: string[]
}

/** A text of the article that may hold links, and its new links in no order. */
type Insertion = {
  text: Text
  parent: Element
  links: { start: number; end: number; url: string }[]
}

/** The places of each word, by the word in lower case. */
type Words = Map<string, { place: Insertion; at: number }[]>

/**
 * Inserts links to other pages into an article. Each link goes on the first words of a paragraph
 * that match one of its anchors, or into a list at the end. Pages that are already linked are
 * skipped. The result is deterministic, and the time is linear in the article and in the anchors.
 */
export function insertLinks(article: ArticleTree, links: Link[]): void {
  if (links.length === 0) return
  const { places: insertions, hrefs } = placesIn(article.childNodes)
  const words = wordsIn(insertions)
  const missing = links.filter(({ url }) => !hrefs.has(pathOf(url)))
  const unplaced = missing.filter((link) => !place(words, link))
  insertPlaced(insertions)
  if (unplaced.length > 0) article.childNodes.push(listOf(unplaced))
}

/** Finds the texts that may hold a link, in order, and the addresses that are already linked. */
function placesIn(nodes: Node[]): { places: Insertion[]; hrefs: Set<string> } {
  const insertions: Insertion[] = []
  const hrefs = new Set<string>()
  const walk = (node: Node, parent: Element | undefined, isOpen: boolean): void => {
    if (isText(node) && parent && isOpen) insertions.push({ text: node, parent, links: [] })
    if (!('childNodes' in node)) return
    const href = node.attrs.find(({ name }) => name === 'href')
    if (node.nodeName === 'a' && href) hrefs.add(pathOf(href.value))
    if (CLOSED.has(node.nodeName)) return
    for (const child of node.childNodes) walk(child, node, isOpen || OPEN.has(node.nodeName))
  }
  for (const node of nodes) walk(node, undefined, false)
  return { places: insertions, hrefs }
}

function wordsIn(insertions: Insertion[]): Words {
  const words: Words = new Map()
  for (const place of insertions) {
    for (const { 0: word, index: at } of place.text.value.matchAll(/[\p{L}\p{N}]+/gu)) {
      const found = words.get(word.toLowerCase())
      if (found) found.push({ place, at })
      else words.set(word.toLowerCase(), [{ place, at }])
    }
  }
  return words
}

/** An article may link to a page of the site by its absolute address. */
function pathOf(href: string): string {
  const url = URL.parse(href)
  return url ? url.pathname + url.search : href
}

/** Records a link on the first anchor that is found. */
function place(words: Words, { url, anchors }: Link): boolean {
  for (const anchor of anchors.map((one) => one.trim())) {
    const first = /[\p{L}\p{N}]+/u.exec(anchor)
    if (anchor.length < MIN_ANCHOR || !first) continue
    const pattern = patternOf(anchor)
    for (const { place, at } of words.get(first[0].toLowerCase())?.slice(0, MAX_PLACES) ?? []) {
      const start = at - first.index
      pattern.lastIndex = start
      const found = start < 0 ? null : pattern.exec(place.text.value)
      const end = start + (found?.[0].length ?? 0)
      if (!found || place.links.some((one) => start < one.end && one.start < end)) continue
      place.links.push({ start, end, url })
      return true
    }
  }
  return false
}

/** Matches the anchor as whole words, in any case. */
function patternOf(anchor: string): RegExp {
  const words = anchor.split(/\s+/).map((word) => word.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&'))
  return new RegExp(`(?<![\\p{L}\\p{N}])${words.join('\\s+')}(?![\\p{L}\\p{N}])`, 'iuy')
}

/** Splits each text that got links into the parts before, in and after them. */
function insertPlaced(insertions: Insertion[]): void {
  const linked = new Map<Element, Map<Node, Node[]>>()
  for (const { text, parent, links } of insertions) {
    if (links.length === 0) continue
    const parts = linked.get(parent) ?? new Map<Node, Node[]>()
    linked.set(parent, parts.set(text, partsOf(text.value, links)))
  }
  for (const [parent, parts] of linked) {
    parent.childNodes = parent.childNodes.flatMap((node) => parts.get(node) ?? [node])
  }
}

function partsOf(text: string, links: Insertion['links']): Node[] {
  const parts: Node[] = []
  let at = 0
  for (const { start, end, url } of links.toSorted((a, b) => a.start - b.start)) {
    parts.push(textNode(text.slice(at, start)), linkTo(url, text.slice(start, end)))
    at = end
  }
  return [...parts, textNode(text.slice(at))]
}

function linkTo(url: string, words: string): Element {
  return elementNode('a', [textNode(words)], [{ name: 'href', value: url }])
}

function listOf(links: Link[]): Element {
  const items = links.map(({ url, title }) => elementNode('li', [linkTo(url, title)]))
  return elementNode('ul', items)
}
