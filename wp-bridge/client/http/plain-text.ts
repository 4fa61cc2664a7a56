const ENTITIES: Record<string, string> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
}

/**
 * HTML as the text that is read: tags and comments gone, entities resolved, white space folded. Two
 * texts that differ only in how WordPress's filters write them are the same. Takes time linear in the
 * length, whatever the markup.
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

/** What stands between tags and comments. A `<` that nothing closes is text, as is all after it. */
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
