import { storable } from '../../wp-bridge/client/http/storable.ts'

/** Characters of a text, and entries of a list, in what a step answers. */
const MAX_TEXT = 2_000
const MAX_ENTRIES = 1_000

/** A text that a site or a model may have made long, cut for people to read. */
export const shortened = (text: string) => storable(text, MAX_TEXT)

/** A step's result with its texts and lists cut: what a site answers stands in some. */
export function withShortTexts(result: Record<string, unknown>): Record<string, unknown> {
  return JSON.parse(
    JSON.stringify(result, (_name, value: unknown) => {
      if (typeof value === 'string') return shortened(value)
      return Array.isArray(value) ? value.slice(0, MAX_ENTRIES) : value
    }),
  )
}
