/** FNV-1a, 32 bits: spreads similar texts apart; not for secrets. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  }
  return hash >>> 0
}

export type Choice = {
  /** One of the options; throws RangeError when there are none. */
  pick<T>(options: readonly T[]): T
  /** A new array in another order. */
  shuffle<T>(items: readonly T[]): T[]
}

/** The same seed makes the same choices, so that the same brief gives the same draft (mulberry32). */
export function seededChoice(seed: string): Choice {
  let state = hashText(seed)
  const below = (limit: number) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit
  }
  return {
    pick(options) {
      if (options.length === 0) throw new RangeError('nothing to choose from')
      return options[below(options.length)]!
    },
    shuffle(items) {
      const order = [...items]
      for (let i = order.length - 1; i > 0; i--) {
        const j = below(i + 1)
        const kept = order[i]!
        order[i] = order[j]!
        order[j] = kept
      }
      return order
    },
  }
}
