const [QUOTE, BACKSLASH] = [0x22, 0x5c]
/** `[` and `{`, `]` and `}`: in ASCII they differ in one bit. */
const [OPEN, CLOSE] = [0x5b, 0x5d]
const SAME_BUT_CURLY = ~0x20

/** Whether JSON is nested deeper than `limit`, found without parsing it. */
export function isDeeper(json: string, limit: number): boolean {
  let depth = 0
  let quoted = false
  for (let at = 0; at < json.length; at++) {
    const char = json.charCodeAt(at)
    if (char === QUOTE) quoted = !quoted
    else if (quoted) at += char === BACKSLASH ? 1 : 0
    else if ((char & SAME_BUT_CURLY) === OPEN && ++depth > limit) return true
    else if ((char & SAME_BUT_CURLY) === CLOSE) depth--
  }
  return false
}
