import { type Embedded, likeness, type Terms } from './embed-phrases.ts'
import { DIMENSIONS } from './word-vectors.ts'

/** A group of phrases as the sum of them: enough for average-link likeness without its members. */
export type GroupProfile = { size: number; meaning: Float32Array; terms: Terms }

export function profileOf(embedded: Embedded, phrases: number[]): GroupProfile {
  const profile = { size: 0, meaning: new Float32Array(DIMENSIONS), terms: new Map() }
  for (const phrase of phrases) addToProfile(profile, embedded, phrase)
  return profile
}

export function addToProfile(profile: GroupProfile, embedded: Embedded, phrase: number): void {
  profile.size++
  const start = phrase * DIMENSIONS
  for (let d = 0; d < DIMENSIONS; d++) profile.meaning[d]! += embedded.meaning[start + d]!
  for (const [term, weight] of embedded.terms[phrase]!) {
    profile.terms.set(term, (profile.terms.get(term) ?? 0) + weight)
  }
}

/** The average likeness of a phrase to the group's members. */
export function likenessToGroup(embedded: Embedded, phrase: number, group: GroupProfile): number {
  const start = phrase * DIMENSIONS
  let meaning = 0
  let known = 0
  for (let d = 0; d < DIMENSIONS; d++) {
    meaning += embedded.meaning[start + d]! * group.meaning[d]!
    known += Math.abs(embedded.meaning[start + d]!)
  }
  let shared = 0
  for (const [term, weight] of embedded.terms[phrase]!) {
    shared += weight * (group.terms.get(term) ?? 0)
  }
  return (known === 0 ? shared : likeness(meaning, shared)) / group.size
}
