import satori, { type Font } from 'satori'
import { cleanText } from '../phrase.ts'
import { FONT_FAMILY, loadFonts } from './title-card-fonts.ts'
import { type Box, type SetText, setLines, type Word } from './title-card-lines.ts'

type Weight = 400 | 700
type Style = Record<string, string | number>
/** What satori takes for an element of a page. */
export type Element = {
  type: 'div'
  key?: string
  props: { style: Style; children?: Element[] | string }
}

/** Wide enough to measure any word in one line. */
const ENDLESS = 100_000

/** Sets a text in a box as lines, without the characters that the fonts do not have. */
export async function setText(text: string, box: Box, weight: Weight): Promise<SetText> {
  const fonts = await loadFonts()
  const readable = await withoutUnknown(plainText(text), fonts, weight)
  const words = readable.split(' ').filter(Boolean)
  const widths = await measure(['n', 'n n', '…', ...words], fonts, weight)
  const [letter, pair, ellipsis, ...rest] = widths as [number, number, number, ...number[]]
  const narrowest = (box.width * 100) / box.sizes.at(-1)!
  const measured: Word[] = []
  for (const [i, width] of rest.entries()) {
    const word = { text: words[i]!, width }
    measured.push(
      width > narrowest ? { ...word, letters: await lettersOf(word.text, fonts, weight) } : word,
    )
  }
  return setLines(measured, box, { space: pair - 2 * letter, ellipsis })
}

/** Draws an element over `width` × `height` pixels as SVG, its letters as paths. */
export async function drawElement(
  element: Element,
  width: number,
  height: number,
): Promise<string> {
  return satori(element, { width, height, fonts: await loadFonts() })
}

/** Composed letters, plain hyphens for those that few fonts have, and digits out of their keycaps. */
function plainText(text: string): string {
  return cleanText(
    text
      .normalize('NFC')
      .replace(/[\u2010\u2011]/g, '-')
      .replace(/\p{Variation_Selector}|\u20e3/gu, ''),
  )
}

async function withoutUnknown(text: string, fonts: Font[], weight: Weight): Promise<string> {
  const unknown = new Set<string>()
  await satori(line(text, weight), {
    width: ENDLESS,
    height: 200,
    fonts,
    async loadAdditionalAsset(_language, segment) {
      for (const character of segment) unknown.add(character)
      return []
    },
  })
  const known = [...text].map((character) => (unknown.has(character) ? ' ' : character))
  return known.join('').replace(/\s+/g, ' ').trim()
}

async function lettersOf(word: string, fonts: Font[], weight: Weight): Promise<Word[]> {
  const letters = [...new Intl.Segmenter().segment(word)].map(({ segment }) => segment)
  const widths = await measure(letters, fonts, weight)
  return letters.map((text, i) => ({ text, width: widths[i]! }))
}

/** The widths of texts at a font size of 100. */
async function measure(texts: string[], fonts: Font[], weight: Weight): Promise<number[]> {
  const widths: number[] = []
  const element: Element = {
    type: 'div',
    props: {
      style: { display: 'flex', flexDirection: 'column', alignItems: 'flex-start' },
      children: texts.map((text, i) => ({ ...line(text, weight), key: String(i) })),
    },
  }
  await satori(element, {
    width: ENDLESS,
    height: 200,
    fonts,
    onNodeDetected({ key, width }) {
      if (key !== undefined) widths[Number(key)] = width
    },
  })
  return widths
}

function line(children: string, fontWeight: Weight): Element {
  const style = { fontFamily: FONT_FAMILY, fontSize: 100, fontWeight, whiteSpace: 'pre' }
  return { type: 'div', props: { style, children } }
}
