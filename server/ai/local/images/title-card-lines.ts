/** A word and its width at a font size of 100; with its `letters` it may be broken between them. */
export type Word = { text: string; width: number; letters?: Word[] }
/** `size`: the font's, in pixels. */
export type SetText = { size: number; lines: string[] }

export type Box = {
  /** Pixels. */
  width: number
  height: number
  /** Font sizes to try, largest first. */
  sizes: readonly number[]
  /** Of the font size. */
  lineHeight: number
  maxLines: number
}

/**
 * Sets words in the box at the largest size that holds them all, in lines of even length. What does
 * not fit at the smallest size is cut and ends in an ellipsis. `space` and `ellipsis` are widths
 * at a font size of 100.
 */
export function setLines(
  words: readonly Word[],
  box: Box,
  { space, ellipsis }: { space: number; ellipsis: number },
): SetText {
  for (const size of box.sizes) {
    const limit = (box.width * 100) / size
    if (words.some(({ width }) => width > limit)) continue
    const lines = breakLines(words, limit, space)
    if (lines.length > linesIn(box, size)) continue
    return { size, lines: joined(balance(words, limit, space, lines.length)) }
  }
  const size = box.sizes.at(-1)!
  const limit = (box.width * 100) / size
  const narrow = words.flatMap((word) => breakWord(word, limit))
  const lines = breakLines(narrow, limit, space)
  const kept = lines.slice(0, linesIn(box, size))
  if (kept.length < lines.length) endWithEllipsis(kept.at(-1)!, limit - ellipsis, space)
  return { size, lines: joined(kept) }
}

function linesIn({ height, lineHeight, maxLines }: Box, size: number): number {
  return Math.min(maxLines, Math.floor(height / (size * lineHeight)))
}

function breakLines(words: readonly Word[], limit: number, space: number): Word[][] {
  const lines: Word[][] = []
  let room = 0
  for (const word of words) {
    if (lines.length === 0 || word.width + space > room) {
      lines.push([word])
      room = limit - word.width
    } else {
      lines.at(-1)!.push(word)
      room -= word.width + space
    }
  }
  return lines
}

/** The narrowest lines that are no more than `count`. */
function balance(words: readonly Word[], limit: number, space: number, count: number): Word[][] {
  let narrow = Math.max(0, ...words.map(({ width }) => width))
  let wide = limit
  while (wide - narrow > 1) {
    const middle = (narrow + wide) / 2
    if (breakLines(words, middle, space).length <= count) wide = middle
    else narrow = middle
  }
  return breakLines(words, wide, space)
}

/** Cuts a word that no line can hold; each piece but the last fills its line. */
function breakWord(word: Word, limit: number): Word[] {
  if (word.width <= limit || !word.letters) return [word]
  const pieces = breakLines(word.letters, limit, 0)
  return pieces.map((letters, i) => ({
    text: letters.map(({ text }) => text).join(''),
    width: i < pieces.length - 1 ? limit : letters.reduce((sum, { width }) => sum + width, 0),
  }))
}

function endWithEllipsis(line: Word[], limit: number, space: number): void {
  const width = () => line.reduce((sum, word) => sum + word.width + space, -space)
  while (line.length > 1 && width() > limit) line.pop()
  const last = line.at(-1)!
  if (width() > limit) last.text = [...last.text].slice(0, -2).join('')
  last.text = `${last.text.replace(/[\s,;:.–—-]+$/u, '')}…`
}

function joined(lines: Word[][]): string[] {
  return lines.map((line) => line.map(({ text }) => text).join(' '))
}
