import { articleTree } from '../../../../wp-bridge/client/blocks/article-tree.ts'
import { isText, type Node, treeText } from '../../../../wp-bridge/client/blocks/inline.ts'
import type { ExtractImagePrompts, ExtractImagePromptsInput } from '../../provider.ts'
import { cleanText } from '../phrase.ts'

/**
 * `count` prompts: the title for the article's own image, then the text of h2 headings spread over
 * the article. A prompt is the text that its card shows. With fewer headings than images they come
 * again as a next part; with none, the title does.
 * @throws ArticleLimitError for HTML that `articleTree` refuses
 */
export function extractImagePrompts(input: ExtractImagePromptsInput): ExtractImagePrompts {
  const title = cleanText(input.title, 200) || 'Untitled Draft'
  const found = headingsOf(articleTree(input.html_content).childNodes)
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

function headingsOf(nodes: Node[]): Heading[] {
  return nodes.flatMap((node, at) => {
    if (!('childNodes' in node)) return []
    if (node.nodeName !== 'h2') return headingsOf(node.childNodes)
    const text = treeText(node.childNodes).trim()
    if (cleanText(text, 200) === '') return []
    return [{ text, prose: nextElement(nodes, at)?.nodeName === 'p' }]
  })
}

/** Texts beside each other are one node. */
function nextElement(nodes: Node[], at: number): Node | undefined {
  return nodes.slice(at + 1, at + 3).find((node) => !isText(node))
}
