import { isWeak, stemOf, wordsOf } from '../phrase.ts'
import type { Pace } from './pace.ts'
import { DIMENSIONS, type WordVectors } from './word-vectors.ts'

/** How much of a likeness is meaning; the rest is shared words (measured on labelled keywords). */
const MEANING = 0.7
/** SIF's `a` (Arora et al. 2017): the smaller, the less frequent words count. */
const FREQUENCY_SMOOTHING = 1e-3
/** With fewer phrases than this, what they share is less surely noise. */
const CENTRE_PRIOR = 30

/** Scripts in which a character or two is a word. */
const DENSE = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Thai}]/u

export type Terms = Map<string, number>

/** Each phrase as a unit vector of meaning (zeros: no known word) and unit-length weighted terms. */
export type Embedded = { meaning: Float32Array; terms: Terms[] }

/** Deterministic; `phrases` are embedded together, as both parts depend on what all of them share. */
export async function embedPhrases(
  phrases: string[],
  vectors: WordVectors,
  pace: Pace,
): Promise<Embedded> {
  const meaning = new Float32Array(phrases.length * DIMENSIONS)
  const terms: Terms[] = []
  for (const [i, phrase] of phrases.entries()) {
    const words = wordsOf(phrase)
    const known = addMeaning(meaning, i * DIMENSIONS, words, vectors)
    terms.push(termsOf(phrase, words, known))
    if (pace.due()) await pace.rest()
  }
  centre(meaning, phrases.length)
  weighTerms(terms)
  return { meaning, terms }
}

/** 0 to 1, and a little below 0 for the unrelated. */
export function likeness(meaning: number, shared: number): number {
  return MEANING * meaning + (1 - MEANING) * shared
}

/** Returns which words had a vector. */
function addMeaning(
  target: Float32Array,
  offset: number,
  words: string[],
  vectors: WordVectors,
): Set<string> {
  const known = new Set<string>()
  for (const word of words) {
    const row = vectors.rowOf(word) ?? vectors.rowOf(stemOf(word))
    if (row === undefined) continue
    known.add(word)
    // Zipf's law gives a word's probability from its rank.
    const probability = 0.07 / (row + 1) ** 0.9
    const rarity = FREQUENCY_SMOOTHING / (FREQUENCY_SMOOTHING + probability)
    vectors.addTo(target, offset, row, rarity * (isWeak(word) ? 0.15 : 1))
  }
  toUnit(target, offset)
  return known
}

/** Stems of the topic's words; of words without a vector the beginning and the character n-grams. */
function termsOf(phrase: string, words: string[], known: Set<string>): Terms {
  const terms: Terms = new Map()
  const add = (term: string, weight: number) => terms.set(term, (terms.get(term) ?? 0) + weight)
  const strong = words.filter((word) => !isWeak(word))
  for (const word of strong.length > 0 ? strong : words) {
    if (known.has(word)) {
      add(stemOf(word), 1)
    } else {
      add(beginningOf(word), 1)
      for (const gram of gramsOf(word)) add(gram, 0.5)
    }
  }
  if (terms.size === 0) for (const gram of gramsOf(phrase.trim())) add(gram, 1)
  return terms
}

/** Words of other languages count as the same by how they begin, whatever their ending. */
function beginningOf(word: string): string {
  return [...word].slice(0, DENSE.test(word) ? 2 : 5).join('')
}

/** Pairs of characters in a dense script, else triples, at most 30. */
function gramsOf(word: string): string[] {
  const dense = DENSE.test(word)
  const size = dense ? 2 : 3
  const characters = [...(dense ? word : ` ${word} `)].slice(0, 30)
  const grams = characters
    .slice(0, Math.max(1, characters.length - size + 1))
    .map((_, i) => `#${characters.slice(i, i + size).join('')}`)
  return [...new Set(grams)]
}

function centre(meaning: Float32Array, count: number): void {
  const mean = new Float64Array(DIMENSIONS)
  for (let i = 0; i < meaning.length; i++) mean[i % DIMENSIONS]! += meaning[i]!
  for (let i = 0; i < meaning.length; i += DIMENSIONS) {
    if (isZero(meaning, i)) continue
    for (let d = 0; d < DIMENSIONS; d++) meaning[i + d]! -= mean[d]! / (count + CENTRE_PRIOR)
    toUnit(meaning, i)
  }
}

function isZero(vector: Float32Array, offset: number): boolean {
  for (let d = 0; d < DIMENSIONS; d++) if (vector[offset + d] !== 0) return false
  return true
}

function toUnit(vector: Float32Array, offset: number): void {
  let squares = 0
  for (let d = 0; d < DIMENSIONS; d++) squares += vector[offset + d]! ** 2
  if (squares === 0) return
  const scale = 1 / Math.sqrt(squares)
  for (let d = 0; d < DIMENSIONS; d++) vector[offset + d]! *= scale
}

/** Rare terms tell more (inverse document frequency); then each phrase to unit length. */
function weighTerms(documents: Terms[]): void {
  const frequency = new Map<string, number>()
  for (const terms of documents) {
    for (const term of terms.keys()) frequency.set(term, (frequency.get(term) ?? 0) + 1)
  }
  for (const terms of documents) {
    let squares = 0
    for (const [term, weight] of terms) {
      const weighed = weight * Math.log(1 + documents.length / frequency.get(term)!)
      terms.set(term, weighed)
      squares += weighed ** 2
    }
    for (const [term, weight] of terms) terms.set(term, weight / Math.sqrt(squares || 1))
  }
}
