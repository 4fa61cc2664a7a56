import { type DefaultTreeAdapterMap, parseFragment } from 'parse5'

type Node = DefaultTreeAdapterMap['childNode']

/** The question mark of Latin and Greek, Chinese and Japanese, and Arabic scripts. */
const QUESTION = /[?？؟]\s*$/
const MAX_QUESTIONS = 50
const MAX_QUESTION = 1_000
const MAX_ANSWER = 10_000

/**
 * The questions and answers of an article: headings below the first level that end with a question
 * mark, each with the text up to the next heading. One question alone is a headline, not a FAQ.
 */
export function faqOf(html: string): { question: string; answer: string }[] {
  const entries: { question: string; answer: string }[] = []
  let open: { question: string; answer: string } | undefined
  for (const node of parseFragment(html).childNodes) {
    if (/^h[1-6]$/.test(node.nodeName)) {
      const question = textOf(node)
      const isQuestion = node.nodeName !== 'h1' && QUESTION.test(question)
      open = isQuestion ? { question, answer: '' } : undefined
      if (open) entries.push(open)
    } else if (open) {
      open.answer = `${open.answer} ${textOf(node)}`.trim()
    }
  }
  const whole = entries.filter(
    ({ question, answer }) =>
      answer !== '' && answer.length <= MAX_ANSWER && question.length <= MAX_QUESTION,
  )
  return whole.length < 2 ? [] : whole.slice(0, MAX_QUESTIONS)
}

function textOf(node: Node): string {
  const pieces: string[] = []
  const walk = (from: Node): void => {
    if ('value' in from) pieces.push(from.value)
    if ('childNodes' in from) from.childNodes.forEach(walk)
    if (/^(p|li|br|td|th|div)$/.test(from.nodeName)) pieces.push(' ')
  }
  walk(node)
  return pieces.join('').replace(/\s+/g, ' ').trim()
}
