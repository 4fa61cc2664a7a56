import type { ArticleTree } from './article-tree.ts'
import {
  type Element,
  inlineHtml,
  isElement,
  isInline,
  type Node,
  preformattedHtml,
  shownText,
  strongHtml,
} from './inline.ts'

/** A part of an article. Every `content` is safe inline HTML. */
export type Block =
  | { kind: 'heading'; level: 2 | 3 | 4; content: string }
  | { kind: 'paragraph'; content: string }
  | List
  | Table
  | { kind: 'quote'; blocks: Block[]; citation: string }
  | { kind: 'code' | 'preformatted'; content: string }
  | { kind: 'separator' }

export interface List {
  kind: 'list'
  ordered: boolean
  start: number | null
  items: { content: string; lists: List[] }[]
}

export interface Table {
  kind: 'table'
  head: Row[]
  body: Row[]
  foot: Row[]
  caption: string
}

export type Row = { tag: 'th' | 'td'; content: string }[]

/**
 * In cells. The rows of a larger table are padded to the same length only if at least half of the
 * cells exist.
 */
const SMALL_TABLE = 200

/** Reads an article as blocks. Elements that cannot be nested in blocks are split. */
export function articleBlocks(tree: ArticleTree): Block[] {
  return readBlocks(tree.childNodes)
}

function readBlocks(nodes: Node[]): Block[] {
  // Flattened at the end, because a spread takes only so many arguments.
  const parts: Block[][] = []
  let line: Node[] = []
  const endLine = () => {
    parts.push(paragraph(inlineHtml(line)))
    line = []
  }
  for (const node of nodes) {
    if (isInline(node)) {
      line.push(node)
    } else if (isElement(node)) {
      endLine()
      parts.push(readElement(node))
    }
  }
  endLine()
  return parts.flat()
}

function readElement(element: Element): Block[] {
  const { tagName, childNodes } = element
  if (/^h[1-6]$/.test(tagName)) return heading(element)
  switch (tagName) {
    case 'ul':
    case 'ol':
    case 'menu':
      return some(readList(element))
    case 'table':
      return some(readTable(element))
    case 'blockquote':
      return quote(element)
    case 'figure':
      return figure(element)
    case 'pre':
      return preformatted(element)
    case 'hr':
      return [{ kind: 'separator' }]
    case 'dt':
    case 'summary':
      return paragraph(strongHtml(childNodes))
    default:
      return readBlocks(childNodes)
  }
}

function paragraph(content: string): Block[] {
  return content ? [{ kind: 'paragraph', content }] : []
}

/** The page’s only h1 is the title of the post, so headings begin at h2. They end at h4. */
function heading({ tagName, childNodes }: Element): Block[] {
  const content = inlineHtml(childNodes)
  const level = ({ 1: 2, 2: 2, 3: 3 } as const)[Number(tagName[1])] ?? 4
  return content ? [{ kind: 'heading', level, content }] : []
}

function readList(element: Element): List | null {
  const start = Number(element.attrs.find(({ name }) => name === 'start')?.value)
  const items: List['items'] = []
  for (const node of element.childNodes) {
    const nodes = isElement(node) && node.tagName === 'li' ? node.childNodes : [node]
    const lists = nodes
      .filter(isList)
      .map(readList)
      .filter((list) => list !== null)
    const content = inlineHtml(
      nodes.filter((part) => !isList(part)),
      '<br>',
    )
    const previous = items.at(-1)
    if (nodes[0] === node && isList(node) && previous) previous.lists.push(...lists)
    else if (content || lists.length > 0) items.push({ content, lists })
  }
  if (items.length === 0) return null
  const ordered = element.tagName === 'ol'
  const isCounted = ordered && Number.isInteger(start) && start > 1 && start < 1e6
  return { kind: 'list', ordered, start: isCounted ? start : null, items }
}

function isList(node: Node): node is Element {
  return isElement(node) && ['ul', 'ol', 'menu'].includes(node.tagName)
}

function readTable(element: Element): Table | null {
  const rows = (section: string) =>
    children(element, section).flatMap((part) => children(part, 'tr').map(readRow))
  const [head, body, foot] = [rows('thead'), rows('tbody'), rows('tfoot')]
  const all = [head, body, foot].flat()
  const width = all.reduce((most, row) => Math.max(most, row.length), 0)
  if (width === 0) return null
  const isFilled = all.length * width <= Math.max(SMALL_TABLE, 2 * all.flat().length)
  const [first] = body
  if (head.length === 0 && body.length > 1 && first?.every(({ tag }) => tag === 'th')) {
    head.push(...body.splice(0, 1))
  }
  const filled = (tag: 'th' | 'td') => (row: Row) => [
    ...row,
    ...Array.from({ length: isFilled ? width - row.length : 0 }, () => ({ tag, content: '' })),
  ]
  const caption = children(element, 'caption').map((part) => inlineHtml(part.childNodes))
  return {
    kind: 'table',
    head: head.map((row) => filled('th')(row).map((cell) => ({ ...cell, tag: 'th' }))),
    body: body.map(filled('td')),
    foot: foot.map(filled('td')),
    caption: caption.filter(Boolean).join(' '),
  }
}

function readRow(row: Element): Row {
  const cells = row.childNodes.filter(isElement)
  return cells.map(({ tagName, childNodes }) => ({
    tag: tagName === 'th' ? 'th' : 'td',
    content: inlineHtml(childNodes, '<br>'),
  }))
}

function quote(element: Element): Block[] {
  const isCitation = (node: Node) => isElement(node) && ['cite', 'footer'].includes(node.tagName)
  const citation = inlineHtml(element.childNodes.filter(isCitation).flatMap(contentOf))
  const blocks = readBlocks(element.childNodes.filter((node) => !isCitation(node)))
  if (blocks.length === 0) return paragraph(citation)
  return [{ kind: 'quote', blocks, citation }]
}

function contentOf(node: Node): Node[] {
  return isElement(node) ? node.childNodes : []
}

/** Keeps a table with its caption. Drops the caption of a picture with the picture. */
function figure(element: Element): Block[] {
  const isCaption = (node: Node) => isElement(node) && node.tagName === 'figcaption'
  const caption = inlineHtml(element.childNodes.filter(isCaption).flatMap(contentOf))
  const rest = element.childNodes.filter((node) => !isCaption(node))
  const blocks = readBlocks(rest)
  const [only] = blocks
  if (!only || !caption) return blocks
  if (blocks.length === 1 && only.kind === 'table') {
    return [{ ...only, caption: only.caption || caption }]
  }
  return [...blocks, ...paragraph(caption)]
}

function preformatted({ childNodes }: Element): Block[] {
  const content = preformattedHtml(childNodes)
  if (shownText(content).trim() === '') return []
  return [{ kind: child(childNodes, 'code') ? 'code' : 'preformatted', content }]
}

function some<T>(value: T | null): T[] {
  return value === null ? [] : [value]
}

function children(element: Element, tagName: string): Element[] {
  return element.childNodes.filter(isElement).filter((part) => part.tagName === tagName)
}

function child(nodes: Node[], tagName: string): Element | undefined {
  return nodes.filter(isElement).find((node) => node.tagName === tagName)
}
