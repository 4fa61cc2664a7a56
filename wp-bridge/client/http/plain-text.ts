const ENTITIES: Record<string, string> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
}

/**
 * Converts HTML to the text that is read: without tags and comments, with entities resolved and
 * white space collapsed. Texts that differ only in how WordPress’s filters write them become equal.
 * Takes linear time for any markup.
 */
export function plainText(html: string): string {
  return untagged(html)
    .join(' ')
    .replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (entity, decimal, hex, name) => {
      if (name) return ENTITIES[name.toLowerCase()] ?? entity
      const point = decimal ? Number(decimal) : Number.parseInt(hex, 16)
      return point <= 0x10ffff ? String.fromCodePoint(point) : entity
    })
    .replace(/\s+/g, ' ')
    .trim()
}

/**
 * The text between tags and comments. A `<` that is never closed is text, as is everything after
 * it.
 */
function untagged(html: string): string[] {
  const texts: string[] = []
  const lastComment = html.lastIndexOf('-->')
  let from = 0
  for (let at = html.indexOf('<'); at >= 0; at = html.indexOf('<', from)) {
    const isComment = html.startsWith('<!--', at) && at < lastComment - 3
    const close = isComment ? '-->' : '>'
    const end = html.indexOf(close, isComment ? at + 4 : at)
    if (end < 0) break
    texts.push(html.slice(from, at))
    from = end + close.length
  }
  texts.push(html.slice(from))
  return texts
}
