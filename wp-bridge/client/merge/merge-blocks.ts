import { diff3Merge, diffIndices } from 'node-diff3'

/** A part of a content that both sides changed differently, as blocks. */
export interface BlockConflict {
  base: string[]
  ours: string[]
  theirs: string[]
}

/** A stretch of a merged content: its blocks, or a conflict. */
export type Merged = string[] | BlockConflict

/** More blocks than an article has. Such contents are merged as a whole. */
const MAX_BLOCKS = 3_000
/** Pairs of equal blocks. Each costs time to compare; separators alone make some thousands. */
const MAX_PAIRS = 100_000

/**
 * Merges two changes of one content block by block. A change of one side is applied, the same
 * change of both sides is applied once, and different changes of both sides conflict.
 */
export function mergeBlocks(base: string[], ours: string[], theirs: string[]): Merged[] {
  const isLong = Math.max(base.length, ours.length, theirs.length) > MAX_BLOCKS
  if (isLong || pairsOf(base, ours) + pairsOf(base, theirs) > MAX_PAIRS) {
    return whole(base, ours, theirs)
  }
  const regions: Region[] = diff3Merge(ours, base, theirs, { excludeFalseConflicts: true })
  return regions.flatMap(({ ok = [], conflict }) =>
    conflict ? neighbours({ base: conflict.o, ours: conflict.a, theirs: conflict.b }) : [ok],
  )
}

function pairsOf(base: string[], side: string[]): number {
  const times = new Map<string, number>()
  for (const block of base) times.set(block, (times.get(block) ?? 0) + 1)
  return side.reduce((pairs, block) => pairs + (times.get(block) ?? 0), 0)
}

/** Changes of adjacent blocks do not conflict: each block is merged on its own. */
function neighbours(clash: BlockConflict): Merged[] {
  const { base, ours, theirs } = clash
  const changes = [hunksOf(base, ours), hunksOf(base, theirs)] as const
  if (!changes[0].some((one) => changes[1].some((other) => overlap(one, other)))) {
    return [applied(base, changes.flat())]
  }
  if (ours.length !== base.length || theirs.length !== base.length) return [clash]
  return base.map((block, at) => {
    if (ours[at] === block || ours[at] === theirs[at]) return [theirs[at]!]
    if (theirs[at] === block) return [ours[at]!]
    return { base: [block], ours: [ours[at]!], theirs: [theirs[at]!] }
  })
}

/** A change of `base[start, end)` by one side. */
interface Hunk {
  start: number
  end: number
  made: string[]
}

function hunksOf(base: string[], side: string[]): Hunk[] {
  return diffIndices(base, side).map(({ buffer1: [start, length], buffer2Content: made }) => ({
    start,
    end: start + length,
    made,
  }))
}

/** The order of two insertions at one place is not known, so they overlap. */
const overlap = (a: Hunk, b: Hunk) =>
  (a.start < b.end && b.start < a.end) || (a.start === b.end && b.start === a.end)

function applied(base: string[], hunks: Hunk[]): string[] {
  const result: string[] = []
  let at = 0
  for (const { start, end, made } of hunks.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    result.push(...base.slice(at, start), ...made)
    at = end
  }
  return [...result, ...base.slice(at)]
}

type Region = { ok?: string[]; conflict?: { a: string[]; o: string[]; b: string[] } }

function whole(base: string[], ours: string[], theirs: string[]): Merged[] {
  const isSame = (one: string[], other: string[]) =>
    one.length === other.length && one.every((block, at) => block === other[at])
  if (isSame(base, ours) || isSame(ours, theirs)) return [theirs]
  return isSame(base, theirs) ? [ours] : [{ base, ours, theirs }]
}
