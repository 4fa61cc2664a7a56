/** More than any response that is requested here. */
const MAX_VALUES = 300_000
const MAX_DEPTH = 100

/**
 * Parses JSON. Returns undefined for text that is not JSON or exceeds 300,000 values or 100 nested
 * levels, because parsing and checking each value would take far more memory than the text.
 */
export function parseJson(text: string): unknown {
  // A plugin or theme file that was saved with a byte order mark adds one to every response.
  const json = text.replace(/^\uFEFF+/, '')
  if (!isModest(json)) return undefined
  try {
    return JSON.parse(json)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/**
 * Whether JSON text has at most 300,000 values, counted by `{`, `[` and `,`, and 100 nested levels.
 */
export function isModest(json: string): boolean {
  let depth = 0
  let values = 1
  for (let at = 0; at < json.length; at++) {
    const character = json[at]
    if (character === '"') {
      at = endOfString(json, at)
    } else if (character === ',') {
      values++
    } else if (character === '{' || character === '[') {
      values++
      depth++
    } else if (character === '}' || character === ']') {
      depth--
    }
    if (values > MAX_VALUES || depth > MAX_DEPTH) return false
  }
  return true
}

/** The index of the quote that ends the string starting at `start`, or the end of the text. */
function endOfString(json: string, start: number): number {
  for (let at = json.indexOf('"', start + 1); at >= 0; at = json.indexOf('"', at + 1)) {
    let before = at
    while (json[before - 1] === '\\') before--
    if ((at - before) % 2 === 0) return at
  }
  return json.length
}
