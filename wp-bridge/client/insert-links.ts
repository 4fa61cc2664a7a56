import {
  type DefaultTreeAdapterMap,
  defaultTreeAdapter,
  html,
  parseFragment,
  serialize,
} from 'parse5'

type Node = DefaultTreeAdapterMap['childNode']
type Parent = DefaultTreeAdapterMap['parentNode']
type TextNode = DefaultTreeAdapterMap['textNode']

/** Text in these is no place for a link. */
const CLOSED = new Set(['a', 'code', 'pre', 'script', 'style', 'button', 'figcaption'])
/** Text in these may become one. */
const OPEN = new Set(['p', 'li', 'td', 'blockquote'])

/** Shorter words stand for too many things. */
const MIN_ANCHOR = 3

export interface Link {
  /** Of the same site, without or with its address. */
  url: string
  /** What is linked when no anchor is found. */
  title: string
  /** What it may stand on, the best first. */
  anchors: string[]
}

/**
 * An article with links to other pages: each on the first words of a paragraph that are one of its
 * anchors, or in a list at the end. What links to the page already is left as it is. The same article
 * and links make the same HTML.
 */
export function insertLinks(article: string, links: Link[]): string {
  if (links.length === 0) return article
  const fragment = parseFragment(article)
  const texts = textsIn(fragment)
  const missing = links.filter(({ url }) => !texts.hrefs.has(pathOf(url)))
  const unplaced = missing.filter((link) => !place(texts.open, link))
  if (unplaced.length > 0) appendList(fragment, unplaced)
  return serialize(fragment)
}

/** The texts that may hold a link, in their order, and the addresses that are linked already. */
function textsIn(fragment: Parent): { open: TextNode[]; hrefs: Set<string> } {
  const open: TextNode[] = []
  const hrefs = new Set<string>()
  const rest: { node: Node; isOpen: boolean }[] = []
  const queue = (nodes: Node[], isOpen: boolean) =>
    rest.push(...nodes.toReversed().map((node) => ({ node, isOpen })))
  queue(fragment.childNodes, false)
  for (let next = rest.pop(); next; next = rest.pop()) {
    const { node, isOpen } = next
    if (isText(node) && isOpen) open.push(node)
    if (!('childNodes' in node)) continue
    const href = node.attrs.find(({ name }) => name === 'href')
    if (node.nodeName === 'a' && href) hrefs.add(pathOf(href.value))
    if (!CLOSED.has(node.nodeName)) queue(node.childNodes, isOpen || OPEN.has(node.nodeName))
  }
  return { open, hrefs }
}

/** An article may name a page of the site by its whole address. */
function pathOf(href: string): string {
  const url = URL.parse(href)
  return url ? url.pathname + url.search : href
}

/** Puts a link on the first anchor that is found; the texts around it are `texts` from then on. */
function place(texts: TextNode[], { url, anchors }: Link): boolean {
  for (const anchor of anchors.filter((words) => words.trim().length >= MIN_ANCHOR)) {
    const words = wordsOf(anchor)
    for (const [at, text] of texts.entries()) {
      const found = words.exec(text.value)
      if (!found) continue
      const after = split(text, found.index, found[0], url)
      texts.splice(at, 1, text, after)
      return true
    }
  }
  return false
}

/** The words wherever they stand by themselves, in any case. */
function wordsOf(anchor: string): RegExp {
  const words = anchor
    .trim()
    .split(/\s+/)
    .map((word) => word.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&'))
  return new RegExp(`(?<![\\p{L}\\p{N}])${words.join('\\s+')}(?![\\p{L}\\p{N}])`, 'iu')
}

/** Leaves what is before `words` in the text, and returns what is after them. */
function split(text: TextNode, at: number, words: string, url: string): TextNode {
  const parent = text.parentNode!
  const following = parent.childNodes[parent.childNodes.indexOf(text) + 1] ?? null
  const insert = (node: Node) =>
    following
      ? defaultTreeAdapter.insertBefore(parent, node, following)
      : defaultTreeAdapter.appendChild(parent, node)
  const after = defaultTreeAdapter.createTextNode(text.value.slice(at + words.length))
  text.value = text.value.slice(0, at)
  insert(linkTo(url, words))
  insert(after)
  return after
}

function linkTo(url: string, words: string): Node {
  const link = element('a', [{ name: 'href', value: url }])
  defaultTreeAdapter.insertText(link, words)
  return link
}

function appendList(fragment: Parent, links: Link[]): void {
  const list = element('ul')
  for (const { url, title } of links) {
    const item = element('li')
    defaultTreeAdapter.appendChild(item, linkTo(url, title))
    defaultTreeAdapter.appendChild(list, item)
  }
  defaultTreeAdapter.appendChild(fragment, list)
}

const element = (name: string, attrs: { name: string; value: string }[] = []) =>
  defaultTreeAdapter.createElement(name, html.NS.HTML, attrs)

const isText = (node: Node): node is TextNode => node.nodeName === '#text'
