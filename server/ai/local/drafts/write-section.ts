import type { Section } from '../../../../db/schema/guidance.ts'
import { cleanText } from '../phrase.ts'
import type { Choice } from '../seeded-choice.ts'
import type { Facet } from './facet.ts'
import { countWords, element, escapeHtml } from './html-text.ts'

/** What the texts of a draft are filled with. */
export type Subjects = { topic: string; subjects: string[] }

/** Above this many words beyond its room a part is left out. */
const SLACK = 40

/** Opening, body, the list's heading, the list. */
export function sectionParts(
  facet: Facet,
  brief: Subjects,
  index: number,
  choice: Choice,
): string[] {
  const tag = facet.ordered ? 'ol' : 'ul'
  return [
    element('p', fill(choice.pick(facet.openings), brief, index)),
    element('p', fill(facet.body, brief, index)),
    element('h3', facet.listTitle),
    `<${tag}>${facet.items.map((item) => element('li', item)).join('')}</${tag}>`,
  ]
}

/** In one pass, so that braces in a keyword are never filled themselves. */
export function fill(template: string, brief: Subjects, index: number): string {
  const subject = brief.subjects[index % brief.subjects.length]!
  return template.replace(/\{s\}|\{S\}/g, (slot) => (slot === '{s}' ? subject : brief.topic))
}

/**
 * The sections that a structure asks for, under its headings and in its order, in about `room` words
 * together. No text comes twice but openings, once there are more sections than facets.
 */
export function writePlanned(
  sections: Section[],
  facets: Facet[],
  brief: Subjects,
  room: number,
  choice: Choice,
): string[] {
  const unused = facets.slice(sections.length)
  const share = shareOf(sections, room)
  return sections.map((section, index) => {
    const usual = facets[index % facets.length]!
    const [opening, ...rest] = paragraphs(usual, brief, index, choice)
    const parts = [opening!]
    let left = (section.words ?? share) - countWords(opening!)
    let next = index < facets.length ? rest : []
    while (next.length > 0) {
      const fitting = next.slice(0, howManyFit(next, left))
      parts.push(...fitting)
      left -= countWords(fitting.join(' '))
      const more = left > 2 * SLACK ? unused.shift() : undefined
      next = more ? paragraphs(more, brief, index, choice) : []
    }
    if (section.guidance) parts.push(toWrite(section.guidance))
    const heading = cleanText(section.heading, 200) || usual.headings[0]
    return [element('h2', heading), ...parts].join('\n')
  })
}

/** The words of a section that names none: what the others leave, shared evenly. */
function shareOf(sections: Section[], room: number): number {
  const named = sections.flatMap(({ words }) => words ?? [])
  const free = room - named.reduce((sum, words) => sum + words, 0)
  return Math.max(0, free / Math.max(1, sections.length - named.length))
}

/** The parts of a section, a list with its heading as one. */
function paragraphs(...args: Parameters<typeof sectionParts>): string[] {
  const [opening, body, title, list] = sectionParts(...args)
  return [opening!, body!, `${title}${list}`]
}

function howManyFit(parts: string[], room: number): number {
  let left = room + SLACK
  const tooMuch = parts.findIndex((part) => {
    left -= countWords(part)
    return left < 0
  })
  return tooMuch < 0 ? parts.length : tooMuch
}

/** What a person is to add: nothing here knows anything about it. */
function toWrite(guidance: string): string {
  return `<blockquote><p>To be written here: ${escapeHtml(cleanText(guidance, 500))}</p></blockquote>`
}
