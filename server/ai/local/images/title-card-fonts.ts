import { readFile } from 'node:fs/promises'
import type { Font } from 'satori'

/** The letters come in files by script; the first that has a letter draws it. */
const SUBSETS = [
  'latin',
  'latin-ext',
  'greek',
  'greek-ext',
  'cyrillic',
  'cyrillic-ext',
  'vietnamese',
] as const

export const FONT_FAMILY = SUBSETS.map((subset) => `Noto Sans ${subset}`).join(', ')

let loading: Promise<Font[]> | undefined

/** Noto Sans, regular and bold, from its npm package; read once per process. */
export function loadFonts(): Promise<Font[]> {
  loading ??= readFonts().catch((error) => {
    loading = undefined
    throw error
  })
  return loading
}

function readFonts(): Promise<Font[]> {
  const files = SUBSETS.flatMap((subset) => [
    { subset, weight: 400 as const },
    { subset, weight: 700 as const },
  ])
  return Promise.all(
    files.map(async ({ subset, weight }) => {
      const name = `@fontsource/noto-sans/files/noto-sans-${subset}-${weight}-normal.woff`
      const data = await readFile(new URL(import.meta.resolve(name)))
      return { name: `Noto Sans ${subset}`, weight, style: 'normal' as const, data }
    }),
  )
}
