import { INTENTS } from '../../db/schema/planner.ts'
import { unescapeFormula } from '../formats/csv-cells.ts'
import type { CsvRecord } from '../formats/csv-records.ts'
import { oneLine } from '../tasks/list-text.ts'
import { MAX_DIFFICULTY, MAX_KEYWORD_LENGTH } from './schemas.ts'

const COLUMNS = ['keyword', 'volume', 'difficulty', 'intent'] as const
type Column = (typeof COLUMNS)[number]

/** A row of an imported file. Null: the file says nothing, so that what is stored stays. */
export type KeywordRow = {
  line: number
  keyword: string
  volume: number | null
  difficulty: number | null
  intent: string | null
}
export type RowError = { line: number; message: string }

const MAX_VOLUME = 2_147_483_647
const WHOLE_NUMBER = /^(\d+|\d{1,3}(,\d{3})+)$/

/** Says of a record what it holds or what is wrong with it; undefined for a row of blank cells. */
export type RowReader = (record: CsvRecord) => KeywordRow | RowError | undefined

/** Reads the header: which column is where. Answers what is wrong with it as a sentence. */
export function readHeader(cells: string[]): RowReader | string {
  const names = cells.map((cell) => oneLine(cell).toLowerCase())
  const twice = COLUMNS.find((name) => names.indexOf(name) !== names.lastIndexOf(name))
  if (twice) return `The header has the column ${twice} twice.`
  if (!names.includes('keyword')) {
    const found = names.join(', ').slice(0, 100)
    const hint = /[;\t]/.test(found) ? ' Separate the columns with commas.' : ''
    return `The first line must name the columns, one of them keyword; it is: ${found}.${hint}`
  }
  const at = Object.fromEntries(COLUMNS.map((name) => [name, names.indexOf(name)]))
  return (record) => readRow(record, names.length, (name) => record.cells[at[name]!] ?? '')
}

function readRow(
  { line, cells }: CsvRecord,
  width: number,
  cell: (name: Column) => string,
): KeywordRow | RowError | undefined {
  if (cells.every((text) => text.trim() === '')) return undefined
  if (cells.slice(width).some((text) => text.trim() !== '')) {
    const message = `has ${cells.length} values for ${width} columns; quote a value that holds a comma`
    return { line, message }
  }
  try {
    return {
      line,
      keyword: keywordIn(cell('keyword')),
      volume: numberIn(cell('volume'), 'volume', MAX_VOLUME),
      difficulty: numberIn(cell('difficulty'), 'difficulty', MAX_DIFFICULTY),
      intent: intentIn(cell('intent')),
    }
  } catch (error) {
    if (error instanceof CellError) return { line, message: error.message }
    throw error
  }
}

class CellError extends Error {}

function keywordIn(cell: string): string {
  const keyword = oneLine(unescapeFormula(oneLine(cell)))
  if (keyword === '') throw new CellError('has no keyword')
  if (keyword.length > MAX_KEYWORD_LENGTH) {
    throw new CellError(`keyword must have at most ${MAX_KEYWORD_LENGTH} characters`)
  }
  return keyword
}

function numberIn(cell: string, name: Column, most: number): number | null {
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
