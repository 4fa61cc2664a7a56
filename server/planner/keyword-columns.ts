import { sql } from 'drizzle-orm'
import { INTENTS } from '../../db/schema/planner.ts'
import { MAX_DIFFICULTY } from './schemas.ts'

const MAX_VOLUME = 2_147_483_647
const WHOLE_NUMBER = /^(\d+|\d{1,3}(,\d{3})+)$/

/** What is wrong with a cell, in one sentence. */
export class CellError extends Error {}

/**
 * Columns of an imported file besides `keyword`; each is a column of `keywords` and of `staged_keywords`.
 * `read` returns null for a blank cell, which leaves what is stored; a new keyword gets `initial`.
 */
export const VALUE_COLUMNS = {
  volume: { type: 'int', initial: 0, read: (cell: string) => numberIn(cell, 'volume', MAX_VOLUME) },
  difficulty: {
    type: 'int',
    initial: 0,
    read: (cell: string) => numberIn(cell, 'difficulty', MAX_DIFFICULTY),
  },
  intent: { type: 'text', initial: 'informational', read: intentIn },
} as const
type ValueColumn = keyof typeof VALUE_COLUMNS
const VALUES = Object.keys(VALUE_COLUMNS) as ValueColumn[]

export const IMPORT_COLUMNS = ['keyword', ...VALUES] as const
export const EXPORT_COLUMNS = [...IMPORT_COLUMNS, 'status', 'cluster'] as const

/** A row of an imported file. Null: the file says nothing, so that what is stored stays. */
export type KeywordRow = { line: number; keyword: string } & {
  [name in ValueColumn]: ReturnType<(typeof VALUE_COLUMNS)[name]['read']>
}

/** The values of a row, read cell by cell. Throws `CellError`. */
export function readValues(cell: (name: ValueColumn) => string) {
  const values = VALUES.map((name) => [name, VALUE_COLUMNS[name].read(cell(name))])
  return Object.fromEntries(values) as Omit<KeywordRow, 'line' | 'keyword'>
}

/** A list of SQL with what `fragment` returns for each value column, from the names above alone. */
export function perValue(fragment: (name: ValueColumn) => string) {
  return sql.raw(VALUES.map(fragment).join(', '))
}

/** The names of columns as English. */
export function listed(columns: readonly string[]): string {
  return new Intl.ListFormat('en-GB').format(columns)
}

function numberIn(cell: string, name: ValueColumn, most: number): number | null {
  const text = cell.trim()
  if (text === '') return null
  const value = WHOLE_NUMBER.test(text) ? Number(text.replaceAll(',', '')) : Number.NaN
  if (value <= most) return value
  throw new CellError(`${name} must be a whole number from 0 to ${most}, not "${shown(text)}"`)
}

function intentIn(cell: string): string | null {
  const intent = cell.trim().toLowerCase()
  if (intent === '') return null
  if (INTENTS.some((known) => known === intent)) return intent
  throw new CellError(`intent must be one of ${INTENTS.join(', ')}, not "${shown(intent)}"`)
}

function shown(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}
