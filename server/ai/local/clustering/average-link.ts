import type { Pace } from './pace.ts'

/** A leaf has `item`; any other node has two `parts`, joined at their average `likeness`. */
export type TreeNode = { item: number; parts: TreeNode[]; size: number; likeness: number }

/**
 * Average-link agglomerative clustering by nearest-neighbour chains: n² time. Takes the matrix of
 * likenesses over, and returns the root of the merge tree; null for no items.
 */
export async function averageLinkTree(
  matrix: Float32Array,
  n: number,
  pace: Pace,
): Promise<TreeNode | null> {
  const nodes: (TreeNode | null)[] = Array.from({ length: n }, (_, item) => ({
    item,
    parts: [],
    size: 1,
    likeness: 1,
  }))
  const chain: number[] = []
  for (let left = n; left > 1; ) {
    if (chain.length === 0) chain.push(nodes.findIndex((node) => node !== null))
    const tip = chain.at(-1)!
    const previous = chain.at(-2) ?? -1
    const nearest = nearestTo(tip, previous, nodes, matrix)
    if (nearest !== previous) {
      chain.push(nearest)
    } else {
      chain.length -= 2
      merge(tip, previous, nodes, matrix)
      left--
    }
    if (pace.due()) await pace.rest()
  }
  return nodes.find((node) => node !== null) ?? null
}

/** The previous link wins a tie, or a chain would never end. */
function nearestTo(
  tip: number,
  previous: number,
  nodes: (TreeNode | null)[],
  matrix: Float32Array,
): number {
  const n = nodes.length
  let nearest = previous
  let best = previous < 0 ? -Infinity : matrix[tip * n + previous]!
  for (let j = 0; j < n; j++) {
    if (j === tip || nodes[j] === null || matrix[tip * n + j]! <= best) continue
    best = matrix[tip * n + j]!
    nearest = j
  }
  return nearest
}

function merge(a: number, b: number, nodes: (TreeNode | null)[], matrix: Float32Array): void {
  const n = nodes.length
  const left = nodes[a]!
  const right = nodes[b]!
  const size = left.size + right.size
  nodes[a] = { item: -1, parts: [left, right], size, likeness: matrix[a * n + b]! }
  nodes[b] = null
  for (let k = 0; k < n; k++) {
    if (nodes[k] === null || k === a) continue
    const mean = (matrix[a * n + k]! * left.size + matrix[b * n + k]! * right.size) / size
    matrix[a * n + k] = mean
    matrix[k * n + a] = mean
  }
}

/**
 * Cuts the tree into groups of items: parts stay together down to `likeness`, except that a group
 * larger than `largest` is taken apart unless its items are as alike as `inseparable`.
 */
export function cutTree(
  root: TreeNode | null,
  limits: { likeness: number; largest: number; inseparable: number },
): number[][] {
  const groups: number[][] = []
  const open = root ? [root] : []
  for (let node = open.pop(); node; node = open.pop()) {
    const small = node.size <= limits.largest && node.likeness >= limits.likeness
    if (node.size === 1 || small || node.likeness >= limits.inseparable) groups.push(itemsOf(node))
    else open.push(...node.parts)
  }
  return groups.sort((a, b) => a[0]! - b[0]!)
}

function itemsOf(node: TreeNode): number[] {
  const items: number[] = []
  const open = [node]
  for (let next = open.pop(); next; next = open.pop()) {
    if (next.size === 1) items.push(next.item)
    else open.push(...next.parts)
  }
  return items.sort((a, b) => a - b)
}
