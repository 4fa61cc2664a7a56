import type { Section } from '../../../db/schema/system.ts'
import type { Facet } from './facet.ts'
import { countWords, element, escapeHtml } from './html-text.ts'
import { cleanText } from './phrase.ts'
import type { Choice } from './seeded-choice.ts'

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
  const free = room - sections.reduce((sum, { words = 0 }) => sum + words, 0)
  const open = sections.filter(({ words }) => words === undefined).length
  return sections.map((section, index) => {
    let left = section.words ?? Math.max(0, free / Math.max(1, open))
    const parts = [element('h2', cleanText(section.heading, 200)), '']
    const add = (facet: Facet, isFirst: boolean) => {
      const texts = sectionParts(facet, brief, index, choice)
      for (const part of [texts[0]!, texts[1]!, `${texts[2]}${texts[3]}`]) {
        const isNeeded = isFirst && part === texts[0]
        if (!isNeeded && countWords(part) > left + SLACK) break
        parts.push(part)
        left -= countWords(part)
      }
    }
    const own = facets[index]
    if (own) add(own, true)
    else parts.push(sectionParts(facets[index % facets.length]!, brief, index, choice)[0]!)
    while (left > 2 * SLACK && unused.length > 0) add(unused.shift()!, false)
    if (section.guidance) parts.push(toWrite(section.guidance))
    return parts.filter(Boolean).join('\n')
  })
}

/** What a person is to add: nothing here knows anything about it. */
function toWrite(guidance: string): string {
  return `<blockquote><p>To be written here: ${escapeHtml(cleanText(guidance, 500))}</p></blockquote>`
}
