const DELIMITER = /<!--\s+(\/)?wp:[a-z][a-z0-9_-]*(?:\/[a-z][a-z0-9_-]*)?\s/y

/**
 * Splits the content of a post into its top-level blocks, unchanged. Text outside blocks, as from
 * the classic editor, is a part of its own. The parts joined by blank lines are the content again.
 */
export function splitBlocks(content: string): string[] {
  const parts: string[] = []
  let depth = 0
  let start = 0
  const cut = (end: number) => {
    const part = content.slice(start, end).trim()
    if (part) parts.push(part)
    start = end
  }
  for (const { at, end, kind } of delimiters(content)) {
    if (kind === 'closes') {
      // A closing delimiter without an opening one belongs to the text around it.
      if (depth > 0 && --depth === 0) cut(end)
      continue
    }
    if (depth === 0) cut(at)
    if (kind === 'opens') depth++
    else if (depth === 0) cut(end)
  }
  cut(content.length)
  return parts
}

export function joinBlocks(blocks: string[]): string {
  return blocks.join('\n\n')
}

/** Attributes are JSON in which WordPress escapes `--`, so `-->` always ends a delimiter. */
function* delimiters(content: string) {
  let close = -1
  for (let at = content.indexOf('<!--'); at >= 0; at = content.indexOf('<!--', at + 4)) {
    DELIMITER.lastIndex = at
    const match = DELIMITER.exec(content)
    if (!match) continue
    if (close < at) close = content.indexOf('-->', at)
    if (close < 0) return
    const isVoid = content[close - 1] === '/'
    const kind = isVoid ? 'is whole' : match[1] ? 'closes' : 'opens'
    yield { at, end: close + 3, kind } as const
  }
}
