import sharp from 'sharp'
import { CENTRED } from '../../../media/focus.ts'
import { seededChoice } from '../seeded-choice.ts'
import { CARD, drawBackdrop } from './title-card-backdrop.ts'
import { FONT_FAMILY } from './title-card-fonts.ts'
import type { Box, SetText } from './title-card-lines.ts'
import { PALETTES, type Palette } from './title-card-palettes.ts'
import { drawElement, type Element, setText } from './title-card-text.ts'

/** Within the middle 819×864 pixels, which the article's crops of 16:9 and 4:5 keep: see `CENTRED`. */
const TITLE: Box = {
  width: 740,
  height: 440,
  sizes: [172, 152, 136, 122, 110, 100, 90, 82, 74, 66, 60, 54, 48],
  lineHeight: 1.16,
  maxLines: 7,
}
const LABEL: Box = { width: 680, height: 90, sizes: [30], lineHeight: 1.4, maxLines: 2 }

/**
 * Draws a card that shows a title, and a smaller label above it: a PNG of 1536×1024. The same
 * title, seed and label give the same card. Letters are Latin, Greek and Cyrillic; others, and
 * emoji, are left out. Needs no font on the machine.
 */
export async function drawTitleCard(card: {
  title: string
  seed: string
  label?: string
}): Promise<Uint8Array> {
  const choice = seededChoice(card.seed)
  const palette = choice.pick(PALETTES)
  const backdrop = drawBackdrop(palette, choice)
  const title = await setText(card.title, TITLE, 700)
  const label = await setText(card.label ?? '', LABEL, 400)
  const text = await drawElement(layOut(title, label, palette), CARD.width, CARD.height)
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${CARD.width}" height="${CARD.height}">${backdrop}${text}</svg>`
  return sharp(Buffer.from(svg)).removeAlpha().withXmp(CENTRED).png().toBuffer()
}

function layOut(title: SetText, label: SetText, { ink, accent }: Palette): Element {
  const bar: Element = {
    type: 'div',
    props: {
      style: { width: 88, height: 8, borderRadius: 4, backgroundColor: accent, margin: '34px 0' },
    },
  }
  const lines = [
    ...linesOf(label, { color: accent, fontWeight: 400, lineHeight: LABEL.lineHeight }),
    ...(title.lines.length > 0 ? [bar] : []),
    ...linesOf(title, { color: ink, fontWeight: 700, lineHeight: TITLE.lineHeight }),
  ]
  const style = {
    display: 'flex',
    flexDirection: 'column',
    alignItems: 'center',
    justifyContent: 'center',
    width: '100%',
    height: '100%',
    fontFamily: FONT_FAMILY,
  }
  return { type: 'div', props: { style, children: lines } }
}

function linesOf({ size, lines }: SetText, style: Record<string, string | number>): Element[] {
  return lines.map((children) => ({
    type: 'div',
    props: { style: { ...style, fontSize: size, whiteSpace: 'pre', flexShrink: 0 }, children },
  }))
}
