import type { Section } from '../../../../db/schema/guidance.ts'
import type { GenerateContent, GenerateContentInput } from '../../provider.ts'
import { shapeOf } from '../keyword-shape.ts'
import { cleanText, cutAtWord, titleCase } from '../phrase.ts'
import { pluralOf } from '../plural.ts'
import { type Choice, seededChoice } from '../seeded-choice.ts'
import type { Facet } from './facet.ts'
import { DECIDING } from './facets-deciding.ts'
import { DOING } from './facets-doing.ts'
import { countWords, element, escapeHtml } from './html-text.ts'
import { metaDescriptionOf, metaTitleOf, slugOf } from './seo-fields.ts'
import { type Voice, voiceNotes, voiceOf } from './voice.ts'
import { fill, sectionParts, writePlanned } from './write-section.ts'

type Brief = {
  title: string
  topic: string
  description: string
  subjects: string[]
  /** Named in a list on the pages that others link to; empty on others. */
  related: string[]
  words: number
  voice: Voice
  /** Of what was asked for, what this draft is not. */
  notes: string[]
  sections: Section[]
}

/** UTF-16 units of the brief that the closing note quotes. */
const LONGEST_NOTE = 260

const OVERVIEW = ['In this article', 'What this article covers', 'At a glance']
const TABLE = ['What to look at, in short', 'The main points in a table', 'A quick overview']
const FAQ = ['Frequently asked questions', 'Questions that come up often', 'Short answers']
const CLOSING = ['Where to go from here', 'The next step', 'In short']

/**
 * A draft of about `word_count` words (within a quarter, between 300 and 3,000) put together from
 * prepared texts. It advises, quotes its brief and says that it is a draft; it states no figures. It
 * has the sections that are asked for, in the nearest voice there is, in English, and says so. The
 * same brief gives the same draft.
 */
export function generateContent(input: GenerateContentInput): GenerateContent {
  const brief = briefOf(input)
  const choice = seededChoice(`${brief.title}\n${brief.subjects.join('\n')}\n${brief.description}`)
  const intro = fill(choice.pick(brief.voice.intros), brief, 0)
  return {
    html_content: writeBody(brief, intro, choice),
    meta_title: metaTitleOf(brief.title),
    meta_description: metaDescriptionOf(intro),
    slug: slugOf(brief.title),
    excerpt: cleanText(intro, 600),
  }
}

function briefOf(input: GenerateContentInput): Brief {
  const keywords = input.keywords.map((keyword) => cleanText(keyword, 60)).filter(Boolean)
  const cluster = cleanText(input.cluster ?? '', 60)
  const title = cleanText(input.title, 200) || titleCase(keywords[0] ?? cluster) || 'Untitled Draft'
  const topic = titleCase(pluralOf(cluster || keywords[0] || cleanText(title, 60)))
  const phrases = keywords.length > 0 ? keywords.slice(0, 12) : [cluster || cleanText(title, 60)]
  const leadsOn = ['cluster_hub', 'pillar_page'].includes(input.content_structure)
  return {
    title,
    topic,
    description: firstSentences(cleanText(input.description, 2000)),
    subjects: [...new Set(phrases)].map(asSubject),
    related: leadsOn && keywords.length > 2 ? keywords.slice(0, 6).map(titleCase) : [],
    words: input.word_count,
    voice: voiceOf(input.author_profile?.tone),
    notes: voiceNotes(input.author_profile),
    sections: input.sections ?? [],
  }
}

/** As many whole sentences as fit a note; the beginning of a first one that is too long. */
function firstSentences(text: string): string {
  if (text.length <= LONGEST_NOTE) return text
  const sentences = /^.*[.!?](?=\s)/.exec(text.slice(0, LONGEST_NOTE))
  return sentences?.[0] ?? `${cutAtWord(text, LONGEST_NOTE)}…`
}

/** A keyword as it reads after "about". */
function asSubject(keyword: string): string {
  const shape = shapeOf(keyword)
  if (shape === 'question') return `the question “${keyword.replace(/\?+$/, '')}”`
  if (shape === 'how_to' && !/^how to\s/i.test(keyword)) return `how to ${keyword}`
  if (shape === 'list') return /^(best|top)\s/i.test(keyword) ? `the ${pluralOf(keyword)}` : keyword
  return shape === 'topic' ? pluralOf(keyword) : keyword
}

function writeBody(brief: Brief, intro: string, choice: Choice): string {
  const facets = orderFacets(brief, choice)
  if (brief.sections.length > 0) return writeAsPlanned(brief, intro, facets, choice)
  const faqCount = Math.min(5, Math.max(2, Math.round(brief.words / 350)))
  const faq = writeFaq(choice.shuffle(facets).slice(0, faqCount), brief, choice)
  const table = writeTable(facets, brief, choice)
  const closing = writeClosing(brief, choice)
  const opening = [element('p', intro)]
  if (brief.words >= 450) opening.push(element('p', choice.pick(brief.voice.secondIntros)))
  const related = brief.words >= 500 ? writeRelated(brief) : ''
  const fixed = countWords([...opening, related, table, faq, closing].join(' '))
  const sections = writeSections(facets, brief, brief.words - fixed, choice)
  if (brief.words >= 700) opening.push(writeOverview(sections, choice))
  const middle = Math.ceil(sections.length / 2)
  return [
    ...opening,
    ...sections.slice(0, middle).map(({ html }) => html),
    table,
    ...sections.slice(middle).map(({ html }) => html),
    related,
    faq,
    closing,
  ]
    .filter(Boolean)
    .join('\n')
}

/** With the headings of the structure alone. */
function writeAsPlanned(brief: Brief, intro: string, facets: Facet[], choice: Choice): string {
  const opening = element('p', intro)
  const closing = [closingWords(brief, choice), writeNote(brief)]
  const room = brief.words - countWords([opening, ...closing].join(' '))
  return [opening, ...writePlanned(brief.sections, facets, brief, room, choice), ...closing].join(
    '\n',
  )
}

/** Those that answer this kind of title come first; the rest in an order of this article's own. */
function orderFacets(brief: Brief, choice: Choice): Facet[] {
  const shapes = [shapeOf(brief.title), shapeOf(brief.subjects[0] ?? '')]
  const all = choice.shuffle([...DECIDING, ...DOING])
  const rank = (facet: Facet) => {
    if (facet.fits.some((shape) => shapes.includes(shape))) return 0
    return facet.fits.includes('topic') ? 1 : 2
  }
  return all.sort((a, b) => rank(a) - rank(b))
}

type Written = { heading: string; html: string }

/** As many sections as the room for words allows, and one at least. */
function writeSections(facets: Facet[], brief: Brief, room: number, choice: Choice): Written[] {
  const sections: Written[] = []
  let left = room
  for (const [i, facet] of facets.entries()) {
    const heading = choice.pick(facet.headings)
    const parts = sectionParts(facet, brief, i, choice)
    const whole = [element('h2', heading), ...parts].join('\n')
    const short = [element('h2', heading), parts[0], parts.at(-1)].join('\n')
    const html = countWords(whole) <= left + 40 ? whole : short
    if (sections.length > 0 && countWords(html) > left + 40) break
    sections.push({ heading, html })
    left -= countWords(html)
  }
  return sections
}

function writeOverview(sections: Written[], choice: Choice): string {
  const items = sections.map(({ heading }) => element('li', heading)).join('')
  return `${element('h2', choice.pick(OVERVIEW))}\n<ul>${items}</ul>`
}

function writeRelated(brief: Brief): string {
  if (brief.related.length === 0) return ''
  const items = brief.related.map((keyword) => element('li', keyword)).join('')
  return `${element('h2', `More on ${brief.topic}`)}\n<ul>${items}</ul>`
}

function writeTable(facets: Facet[], brief: Brief, choice: Choice): string {
  const count = Math.min(6, Math.max(3, Math.round(brief.words / 300)))
  const row = (facet: Facet) => `<tr>${facet.row.map((cell) => element('td', cell)).join('')}</tr>`
  const head = ['Aspect', 'What to look at', 'What to ask'].map((cell) => element('th', cell))
  const rows = facets.slice(0, count).map(row)
  const table = `<table><thead><tr>${head.join('')}</tr></thead><tbody>${rows.join('')}</tbody></table>`
  return `${element('h2', `${brief.topic}: ${choice.pick(TABLE).toLowerCase()}`)}\n${table}`
}

function writeFaq(facets: Facet[], brief: Brief, choice: Choice): string {
  const entries = facets.map((facet, i) =>
    [
      element('h3', fill(facet.question, brief, i)),
      element('p', fill(facet.answer, brief, i)),
    ].join('\n'),
  )
  return [element('h2', choice.pick(FAQ)), ...entries].join('\n')
}

function writeClosing(brief: Brief, choice: Choice): string {
  return [element('h2', choice.pick(CLOSING)), closingWords(brief, choice), writeNote(brief)].join(
    '\n',
  )
}

function closingWords(brief: Brief, choice: Choice): string {
  return element('p', fill(choice.pick(brief.voice.closings), brief, brief.subjects.length - 1))
}

function writeNote({ description, notes }: Brief): string {
  const source = description ? ` Its brief: ${description}` : ''
  const note = [
    'This draft was put together from a brief, and nothing in it was researched. Add your own facts and examples before it is published.',
    ...notes,
  ].join(' ')
  return `<blockquote><p>${escapeHtml(note + source)}</p></blockquote>`
}
