import { type Embedded, likeness } from './embed-phrases.ts'
import type { Pace } from './pace.ts'
import { DIMENSIONS } from './word-vectors.ts'

/** Phrases by phrases, both halves filled: 4 bytes × n². */
export async function likenessMatrix(
  { meaning, terms }: Embedded,
  pace: Pace,
): Promise<Float32Array> {
  const n = terms.length
  const matrix = new Float32Array(n * n)
  const shared = new Float32Array(n)
  const postings = new Map<string, { phrase: number; weight: number }[]>()
  for (let i = 0; i < n; i++) {
    shared.fill(0)
    for (const [term, weight] of terms[i]!) {
      const list = postings.get(term) ?? []
      for (const other of list) shared[other.phrase]! += weight * other.weight
      list.push({ phrase: i, weight })
      postings.set(term, list)
    }
    matrix[i * n + i] = 1
    const unknown = !hasMeaning(meaning, i)
    for (let j = 0; j < i; j++) {
      // Two phrases without a known word have only their characters to go by.
      const alike =
        unknown && !hasMeaning(meaning, j)
          ? shared[j]!
          : likeness(dotRows(meaning, i, j), shared[j]!)
      matrix[i * n + j] = alike
      matrix[j * n + i] = alike
    }
    if (pace.due()) await pace.rest()
  }
  return matrix
}

function hasMeaning(meaning: Float32Array, phrase: number): boolean {
  const start = phrase * DIMENSIONS
  for (let d = 0; d < DIMENSIONS; d++) if (meaning[start + d] !== 0) return true
  return false
}

function dotRows(meaning: Float32Array, a: number, b: number): number {
  let sum = 0
  for (let d = 0; d < DIMENSIONS; d++) {
    sum += meaning[a * DIMENSIONS + d]! * meaning[b * DIMENSIONS + d]!
  }
  return sum
}
