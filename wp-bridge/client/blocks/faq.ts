import type { ArticleTree } from './article-tree.ts'
import { type Node, treeText } from './inline.ts'

/** Question marks of Latin and Greek, of Chinese and Japanese, and of Arabic scripts. */
const QUESTION_MARKS = ['?', '？', '؟']
const MAX_QUESTIONS = 50
const MAX_QUESTION = 1_000
const MAX_ANSWER = 10_000

/** Elements that end a word. */
const PARTED = new Set(['p', 'li', 'br', 'td', 'th', 'div'])

/**
 * Extracts the questions and answers of an article: headings below the first level that end with a
 * question mark, each with the text up to the next heading. A single question is a headline, not an
 * FAQ.
 */
export function faqOf({ childNodes }: ArticleTree): { question: string; answer: string }[] {
  const entries: { question: string; answers: string[] }[] = []
  let open: string[] | undefined
  for (const node of childNodes) {
    if (/^h[1-6]$/.test(node.nodeName)) {
      const question = textOf(node)
      const isQuestion = QUESTION_MARKS.some((mark) => question.endsWith(mark))
      open = isQuestion && node.nodeName !== 'h1' ? [] : undefined
      if (open) entries.push({ question, answers: open })
    } else if (open) {
      open.push(textOf(node))
    }
  }
  const whole = entries
    .map(({ question, answers }) => ({ question, answer: answers.filter(Boolean).join(' ') }))
    .filter(
      ({ question, answer }) =>
        answer !== '' && answer.length <= MAX_ANSWER && question.length <= MAX_QUESTION,
    )
  return whole.length < 2 ? [] : whole.slice(0, MAX_QUESTIONS)
}

function textOf(node: Node): string {
  return treeText([node], (tagName) => (PARTED.has(tagName) ? ' ' : ''))
    .replace(/\s+/g, ' ')
    .trim()
}
