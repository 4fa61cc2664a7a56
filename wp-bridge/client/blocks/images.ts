import type { Block } from './article-blocks.ts'
import { shownText } from './inline.ts'
import { normalizedText } from './text-as-html.ts'

/** An attachment of the site that is shown in an article. */
export interface PlacedImage {
  /** The text of the h2 that the image goes below; null for any place. */
  heading: string | null
  attachment_id: number
  /** The address of the file in WordPress’s size “large”. */
  url: string
  alt_text: string
  /** Pixels of that file. WordPress adds them and the `srcset` itself when it renders the post. */
  width: number
  height: number
}

/**
 * Decides where images go.
 * @returns for each index of `blocks`, the images that follow that block, in order. Images for
 *   which no h2 is left follow the last block.
 */
export function placeImages(blocks: Block[], images: PlacedImage[]): Map<number, PlacedImage[]> {
  const sections = blocks.flatMap((block, index) =>
    block.kind === 'heading' && block.level === 2
      ? [{ index, text: headingKey(shownText(block.content)) }]
      : [],
  )
  const placed = new Map<number, PlacedImage[]>()
  const place = (index: number, image: PlacedImage) => {
    placed.set(index, [...(placed.get(index) ?? []), image])
  }
  const others: PlacedImage[] = []
  for (const image of images) {
    const { heading } = image
    const section =
      heading === null ? undefined : sections.find(({ text }) => text === headingKey(heading))
    if (section) place(section.index, image)
    else others.push(image)
  }
  const free = sections.filter(({ index }) => !placed.has(index))
  const spread = Math.min(others.length, free.length)
  for (const [i, image] of others.entries()) {
    const section = i < spread ? free[Math.floor(((i + 0.5) * free.length) / spread)] : undefined
    place(section?.index ?? blocks.length - 1, image)
  }
  return placed
}

const headingKey = (text: string) => normalizedText(text).toLowerCase()
