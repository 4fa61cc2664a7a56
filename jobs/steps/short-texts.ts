import { storable } from '../../wp-bridge/client/http/storable.ts'

/** The most characters of a text and entries of a list in a step's result. */
const MAX_TEXT = 2_000
const MAX_ENTRIES = 1_000

/** Truncates a text of a site or a model for display. */
export const shortened = (text: string) => storable(text, MAX_TEXT)

/** Truncates the texts and lists of a step's result, which may come from a site. */
export function withShortTexts(result: Record<string, unknown>): Record<string, unknown> {
  return JSON.parse(
    JSON.stringify(result, (_name, value: unknown) => {
      if (typeof value === 'string') return shortened(value)
      return Array.isArray(value) ? value.slice(0, MAX_ENTRIES) : value
    }),
  )
}
