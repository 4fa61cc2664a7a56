import { unescapeFormula } from '../formats/csv-cells.ts'
import type { CsvRecord } from '../formats/csv-records.ts'
import { oneLine } from '../tasks/list-text.ts'
import { CellError, IMPORT_COLUMNS, type KeywordRow, readValues } from './keyword-columns.ts'
import { MAX_KEYWORD_LENGTH } from './schemas.ts'

type Column = (typeof IMPORT_COLUMNS)[number]

export type RowError = { line: number; message: string }

/** Says of a record what it holds or what is wrong with it; undefined for a row of blank cells. */
export type RowReader = (record: CsvRecord) => KeywordRow | RowError | undefined

/** Reads the header: which column is where. Answers what is wrong with it as a sentence. */
export function readHeader(cells: string[]): RowReader | string {
  const names = cells.map((cell) => oneLine(cell).toLowerCase())
  const twice = IMPORT_COLUMNS.find((name) => names.indexOf(name) !== names.lastIndexOf(name))
  if (twice) return `The header has the column ${twice} twice.`
  if (!names.includes('keyword')) {
    const found = names.join(', ').slice(0, 100)
    const hint = /[;\t]/.test(found) ? ' Separate the columns with commas.' : ''
    return `The first line must name the columns, one of them keyword; it is: ${found}.${hint}`
  }
  const at = Object.fromEntries(IMPORT_COLUMNS.map((name) => [name, names.indexOf(name)]))
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
    return { line, keyword: keywordIn(cell('keyword')), ...readValues(cell) }
  } catch (error) {
    if (error instanceof CellError) return { line, message: error.message }
    throw error
  }
}

function keywordIn(cell: string): string {
  const keyword = oneLine(unescapeFormula(oneLine(cell)))
  if (keyword === '') throw new CellError('has no keyword')
  if (keyword.length > MAX_KEYWORD_LENGTH) {
    throw new CellError(`keyword must have at most ${MAX_KEYWORD_LENGTH} characters`)
  }
  return keyword
}
