import { storable } from './storable.ts'

/** More than any list or object of an answer that is asked for here, and deeper. */
const MAX_VALUES = 300_000
const MAX_DEPTH = 100
/** How JSON may hide what `storable` removes. */
const UNSTORABLE = /\\u(?:0000|d[89a-f])/i

/**
 * The value of a JSON text, or undefined when it is not JSON, or holds more than 300,000 values or more
 * than 100 lists inside each other: checking each would take more memory than the text. Its texts are
 * `storable`.
 */
export function parseJson(text: string): unknown {
  try {
    // A theme's or plugin's file saved with a byte order mark puts one before every answer.
    const value: unknown = JSON.parse(text.replace(/^\uFEFF+/, ''))
    if (!isModest(value)) return undefined
    return UNSTORABLE.test(text) ? withStorableTexts(value) : value
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function withStorableTexts(value: unknown): unknown {
  if (typeof value === 'string') return storable(value)
  if (!isObject(value)) return value
  if (Array.isArray(value)) return value.map(withStorableTexts)
  const entries = Object.entries(value).map(([k, v]) => [storable(k), withStorableTexts(v)])
  return Object.fromEntries(entries)
}

/** Whether a value that was read from JSON has at most 300,000 values and 100 levels. */
export function isModest(value: unknown): boolean {
  let level = [value]
  let seen = 0
  for (let depth = 0; level.length > 0; depth++) {
    seen += level.length
    if (depth > MAX_DEPTH || seen > MAX_VALUES) return false
    level = level.filter(isObject).flatMap((one) => Object.values(one))
  }
  return true
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
