import { type DefaultTreeAdapterTypes, parseFragment } from 'parse5'
import type { ExtractImagePrompts, ExtractImagePromptsInput } from '../provider.ts'
import { cleanText } from './phrase.ts'

type Node = DefaultTreeAdapterTypes.ChildNode

/**
 * `count` prompts: the title for the article's own image, then the text of h2 headings spread over
 * the article. A prompt is the text that its card shows. With fewer headings than images they come
 * again as a next part; with none, the title does.
 */
export function extractImagePrompts(input: ExtractImagePromptsInput): ExtractImagePrompts {
  const title = cleanText(input.title, 200) || 'Untitled Draft'
  const found = headingsOf(parseFragment(input.html_content).childNodes)
  const prose = found.filter((heading) => heading.prose)
  const headings = (prose.length >= input.count - 1 ? prose : found).map(({ text }) => text)
  const own = { prompt: title, alt_text: altText(title), heading: null }
  const others = spread(headings, input.count - 1).map((heading, i) => {
    const text = heading === null ? title : cleanText(heading, 200)
    const round = Math.floor(i / Math.max(1, headings.length))
    const prompt = heading === null || round > 0 ? `${text} (${round + 1})` : text
    return { prompt, alt_text: altText(prompt), heading }
  })
  return { prompts: [own, ...others] }
}

function altText(text: string): string {
  return `Title card: ${text}`
}

/** `count` of them in reading order; in rounds when there are too few. */
function spread(headings: string[], count: number): (string | null)[] {
  const places = Array.from({ length: Math.max(0, count) }, (_, i) => i)
  if (headings.length === 0) return places.map(() => null)
  const step = Math.max(1, headings.length / count)
  return places.map((i) => headings[Math.floor(i * step) % headings.length]!)
}

/** `prose`: a paragraph follows, so that it is no table of contents, table or list of questions. */
type Heading = { text: string; prose: boolean }

/** Walks without recursion: markup may be nested as deep as its author likes. */
function headingsOf(nodes: Node[]): Heading[] {
  const headings: Heading[] = []
  const open = [...nodes].reverse()
  for (let node = open.pop(); node; node = open.pop()) {
    if (!('childNodes' in node)) continue
    if (node.nodeName !== 'h2') {
      pushInOrder(open, node.childNodes)
      continue
    }
    const text = textOf(node.childNodes)
    const next = open.findLast((later) => later.nodeName !== '#text')
    if (cleanText(text, 200) !== '') headings.push({ text, prose: next?.nodeName === 'p' })
  }
  return headings
}

function textOf(nodes: Node[]): string {
  let text = ''
  const open = [...nodes].reverse()
  for (let node = open.pop(); node; node = open.pop()) {
    if (node.nodeName === '#text' && 'value' in node) text += node.value
    else if ('childNodes' in node) pushInOrder(open, node.childNodes)
  }
  return text.trim()
}

/** So that the first of them is popped first. */
function pushInOrder(open: Node[], nodes: Node[]): void {
  for (let i = nodes.length - 1; i >= 0; i--) open.push(nodes[i]!)
}
