import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { csvLine, escapeFormula, unescapeFormula } from '../../server/formats/csv-cells.ts'
import { CsvReader, CsvSyntaxError } from '../../server/formats/csv-records.ts'

function readAll(text: string, cuts: number[] = []): { line: number; cells: string[] }[] {
  const reader = new CsvReader()
  const at = [0, ...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length]
  const pieces = at.slice(1).map((end, index) => text.slice(at[index], end))
  return [...pieces.flatMap((piece) => reader.read(piece)), ...reader.end()]
}

const cells = (text: string) => readAll(text).map((record) => record.cells)

describe('the CSV reader', () => {
  test('reads the same as csv-parse, however the text is split', () => {
    const cell = fc.string({
      unit: fc.constantFrom('a', 'é', ',', '"', '\n', '\r\n', ' ', ';', '😀'),
    })
    const record = fc.array(cell, { minLength: 2, maxLength: 4 })
    fc.assert(
      fc.property(
        fc.array(record),
        fc.constantFrom('\n', '\r\n'),
        fc.array(fc.nat(), { maxLength: 5 }),
        (records, end, cuts) => {
          const quote = (value: string) => `"${value.replaceAll('"', '""')}"`
          const text = records.map((values) => values.map(quote).join(',') + end).join('')
          const expected = parse(text, { relax_column_count: true, record_delimiter: end })
          expect(readAll(text, cuts).map((one) => one.cells)).toEqual(expected)
        },
      ),
    )
  })

  test('reports the line of each record for every kind of line ending', () => {
    const lines = readAll('a,b\r\n"x\r\ny",1\n\n\r\nq,2\rz,3').map(({ line }) => line)
    expect(lines).toEqual([1, 2, 6, 7])
  })

  test('reads empty cells, quoted empty records and a last line without an end', () => {
    expect(cells('a,,\n""\n,\nb')).toEqual([['a', '', ''], [''], ['', ''], ['b']])
  })

  test.each([
    ['a quote that is not closed', 'a\n"b\nc', 2],
    ['a quote inside a plain value', 'a\nb"c', 2],
    ['something after a closing quote', 'a\n"b"c', 2],
    ['a record without end', `a\n"${'b'.repeat(1_000_001)}`, 2],
    ['a record of nothing but commas', `a\n${','.repeat(1_000_001)}`, 2],
    ['a record of nothing but doubled quotes', `a\n"${'""'.repeat(500_001)}"`, 2],
  ])('refuses %s, with its line', (_, text, line) => {
    expect(() => readAll(text)).toThrow(CsvSyntaxError)
    expect(() => readAll(text)).toThrow(expect.objectContaining({ line }))
  })
})

describe('cells', () => {
  const risky = fc.string({
    unit: fc.constantFrom('=', '+', '-', '@', "'", '\t', '\r', '＝', 'a', '1'),
  })

  test('escapes formulas and restores them exactly', () => {
    fc.assert(
      fc.property(fc.oneof(risky, fc.string()), (text) => {
        expect(escapeFormula(text)).not.toMatch(/^[=+\-@\t\r＝＋－＠]/)
        expect(unescapeFormula(escapeFormula(text))).toBe(text)
      }),
    )
  })

  test('leaves harmless text unchanged', () => {
    expect(["rock 'n' roll", "'tis", '100', 'a=b'].map(escapeFormula)).toEqual([
      "rock 'n' roll",
      "'tis",
      '100',
      'a=b',
    ])
  })

  test('quotes a line as in RFC 4180 and ends it with CRLF', () => {
    expect(csvLine(['a "b"', 'c,d', 1, '', '=x;y'])).toBe('"a ""b""","c,d",1,,"\'=x;y"\r\n')
  })
})
