import type { KeywordShape } from '../keyword-shape.ts'

/**
 * One section of a draft. `{s}` stands for the section's subject inside a sentence, always after
 * "about", "on" or "into", since it may be a thing, an action or a question; `{S}` is the topic in
 * Title Case. The texts advise and ask; they state no fact about the subject, which nobody checked.
 */
export type Facet = {
  /** The kinds of title that it answers first. */
  fits: KeywordShape[]
  headings: [string, string]
  openings: [string, string]
  body: string
  listTitle: string
  items: string[]
  ordered?: true
  /** A row of the table: the aspect, what to look at, what to ask. */
  row: [string, string, string]
  question: string
  answer: string
}
