/** More than any list or object of an answer that is asked for here, and deeper. */
const MAX_VALUES = 300_000
const MAX_DEPTH = 100

/**
 * The value of a JSON text, or undefined when it is not JSON, or holds more than 300,000 values or more
 * than 100 lists inside each other: parsing and checking each would take far more memory than the text.
 */
export function parseJson(text: string): unknown {
  // A theme's or plugin's file saved with a byte order mark puts one before every answer.
  const json = text.replace(/^\uFEFF+/, '')
  if (!isModest(json)) return undefined
  try {
    return JSON.parse(json)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Whether a JSON text holds at most 300,000 values, counted by `{`, `[` and `,`, and 100 levels. */
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

/** The place of the quote that ends the string which begins at `start`, or the end of the text. */
function endOfString(json: string, start: number): number {
  for (let at = json.indexOf('"', start + 1); at >= 0; at = json.indexOf('"', at + 1)) {
    let before = at
    while (json[before - 1] === '\\') before--
    if ((at - before) % 2 === 0) return at
  }
  return json.length
}
