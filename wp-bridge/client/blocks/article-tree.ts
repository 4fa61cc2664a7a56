import {
  type DefaultTreeAdapterMap,
  defaultTreeAdapter,
  html as namespaces,
  Parser,
  type Token,
  type TreeAdapter,
} from 'parse5'
import { type Element, inlineNames, isElement, isText, type Node } from './inline.ts'

const BLOCKS =
  'h1 h2 h3 h4 h5 h6 p ul ol menu li table caption thead tbody tfoot tr th td blockquote pre hr figure figcaption'
const CONTAINERS =
  'div section article main header footer aside nav address center dl dt dd details summary hgroup'
const KEPT = new Set([...inlineNames, ...BLOCKS.split(' '), ...CONTAINERS.split(' ')])

/** Elements whose content does not belong to the article. */
const DROPPED = new Set(
  'script style textarea option select button datalist xmp noscript noembed noframes iframe template svg math object applet audio video canvas title head'.split(
    ' ',
  ),
)

/** Attributes that are kept, by element. */
const ATTRIBUTES: Record<string, string> = { a: 'href', ol: 'start' }

/**
 * Open elements. They determine the time of the parser and the stack depth of what reads the tree.
 */
const MAX_DEPTH = 256
/** An article of a million characters has about 200,000. */
const MAX_NODES = 250_000
/**
 * The parser repeats formatting elements that were left open, with their attributes, in each
 * following block.
 */
const SPARE = 5_000

/**
 * A parsed and sanitised article: text and the elements in `KEPT`, with no attributes but the
 * `href` of links and the `start` of lists. Addresses are not checked here; code that writes HTML
 * from the tree checks them.
 */
export type ArticleTree = { childNodes: Node[] }

/**
 * The HTML of an article exceeds a limit of `articleTree`. `problem` is a sentence without its
 * subject.
 */
export class ArticleLimitError extends Error {
  readonly code = 'article_too_complex'
  readonly retryable = false
  readonly problem: string
  constructor(problem: string) {
    super(`The HTML of the article ${problem}. Close elements that are left open, or simplify it.`)
    this.name = 'ArticleLimitError'
    this.problem = problem
  }
}

/**
 * Parses untrusted HTML by the rules of the HTML standard, once for everything that reads the
 * article. Limits time and memory: at most 256 nested elements, 250,000 nodes, and few more nodes
 * and attributes than the HTML has.
 * @throws ArticleLimitError past one of these limits
 */
export function articleTree(html: string): ArticleTree {
  const text = html.replaceAll('\0', '').toWellFormed()
  // With a doctype, a table ends the paragraph before it, as it does on a page.
  const page = GuardedParser.parse(`<!doctype html><body>${text}`, {
    treeAdapter: countingAdapter(text.length),
  })
  const body = childOf(childOf(page, 'html'), 'body')
  return { childNodes: sanitized(body?.childNodes ?? [], 0) }
}

class GuardedParser extends Parser<DefaultTreeAdapterMap> {
  override onStartTag(token: Token.TagToken): void {
    if (this.openElements.stackTop > MAX_DEPTH) throw tooDeep()
    super.onStartTag(token)
  }
}

/** The tree of parse5, with a limit on the number of nodes and on the characters in attributes. */
function countingAdapter(length: number): TreeAdapter<DefaultTreeAdapterMap> {
  const maxNodes = Math.min(MAX_NODES, SPARE + length)
  const maxCharacters = SPARE + 2 * length
  let nodes = 0
  let characters = 0
  const count = <T>(node: T): T => {
    if (++nodes <= maxNodes) return node
    throw new ArticleLimitError(`makes more than ${maxNodes} elements and texts`)
  }
  return {
    ...defaultTreeAdapter,
    createElement(name, namespace, attributes) {
      for (const { name, value } of attributes) characters += name.length + value.length
      if (characters > maxCharacters) {
        throw new ArticleLimitError(`repeats attributes to more than ${maxCharacters} characters`)
      }
      return count(defaultTreeAdapter.createElement(name, namespace, attributes))
    },
    createTextNode: (value) => count(defaultTreeAdapter.createTextNode(value)),
    createCommentNode: (data) => count(defaultTreeAdapter.createCommentNode(data)),
  }
}

/** Keeps the nodes that an article may have, and replaces unknown elements by their children. */
function sanitized(nodes: Node[], depth: number): Node[] {
  // When the parser repairs wrong nesting, elements can be deeper than were ever open at once.
  if (depth > 2 * MAX_DEPTH) throw tooDeep()
  const kept: Node[] = []
  for (const node of nodes) {
    if (isText(node)) addText(kept, node.value)
    if (!isElement(node) || DROPPED.has(node.tagName)) continue
    const children = sanitized(node.childNodes, depth + 1)
    if (KEPT.has(node.tagName)) kept.push(keptElement(node, children))
    else for (const child of children) isText(child) ? addText(kept, child.value) : kept.push(child)
  }
  return kept
}

function addText(nodes: Node[], text: string): void {
  const last = nodes.at(-1)
  if (last && isText(last)) last.value += text
  else nodes.push(textNode(text))
}

function keptElement({ tagName, attrs }: Element, childNodes: Node[]): Element {
  const kept = attrs.filter(({ name }) => name === ATTRIBUTES[tagName])
  return elementNode(tagName, childNodes, kept)
}

export function elementNode(
  tagName: string,
  childNodes: Node[],
  attributes: Element['attrs'] = [],
): Element {
  const element = defaultTreeAdapter.createElement(tagName, namespaces.NS.HTML, attributes)
  return { ...element, childNodes }
}

export const textNode = (value: string) => defaultTreeAdapter.createTextNode(value)

function childOf(
  parent: { childNodes: Node[] } | undefined,
  name: string,
): { childNodes: Node[] } | undefined {
  return parent?.childNodes.filter(isElement).find(({ tagName }) => tagName === name)
}

const tooDeep = () => new ArticleLimitError(`has more than ${MAX_DEPTH} elements inside each other`)
