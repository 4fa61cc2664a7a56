/** A record and the line on which it begins, counted from 1. */
export type CsvRecord = { line: number; cells: string[] }

/** The text is not valid CSV (RFC 4180). */
export class CsvSyntaxError extends Error {
  readonly line: number
  constructor(line: number, message: string) {
    super(message)
    this.line = line
  }
}

/** In UTF-16 units, including separators and quotes. A whole record is held in memory. */
const MAX_RECORD_LENGTH = 1_000_000
const PLAIN = /[^",\r\n]+/y
const QUOTED = /[^"\r\n]+/y

type ParserState = 'cell start' | 'plain' | 'quoted' | 'after quote'

/**
 * Parses CSV in chunks, with one record in memory. Lines end with CRLF, LF or CR, also mixed; empty lines
 * are skipped. Throws `CsvSyntaxError`. (csv-parse, which the tests compare this with, takes ten times as
 * long on the API's thread and counts lines wrongly after quoted CRLFs.)
 */
export class CsvReader {
  #place: ParserState = 'cell start'
  #cells: string[] = []
  #cell = ''
  #length = 0
  #line = 1
  #began = 1
  #afterCr = false

  /** The records that `text` completes. */
  read(text: string): CsvRecord[] {
    const records: CsvRecord[] = []
    for (let at = 0; at < text.length; ) at += this.#step(text, at, records)
    return records
  }

  /** The record that the end of the text completes, if there is one. */
  end(): CsvRecord[] {
    if (this.#place === 'quoted') {
      throw new CsvSyntaxError(
        this.#began,
        'A quote that opens in this record is never closed. Add the closing quote.',
      )
    }
    const records: CsvRecord[] = []
    this.#endRecord(records)
    return records
  }

  /** Parses at `at` and returns how many characters it consumed. */
  #step(text: string, at: number, records: CsvRecord[]): number {
    const char = text[at]!
    const ofCrLf = this.#afterCr && char === '\n'
    this.#afterCr = char === '\r'
    if (char === '\r' || char === '\n') {
      if (!ofCrLf) this.#line++
      if (this.#place === 'quoted') this.#grow(char)
      else if (!ofCrLf) this.#endRecord(records)
      return 1
    }
    if (char === '"') {
      this.#count(1)
      this.#quote()
      return 1
    }
    if (char === ',' && this.#place !== 'quoted') {
      this.#count(1)
      this.#endCell()
      return 1
    }
    return this.#take(this.#place === 'quoted' ? QUOTED : PLAIN, text, at)
  }

  #quote(): void {
    if (this.#place === 'plain') {
      throw new CsvSyntaxError(
        this.#line,
        'There is a quote inside an unquoted value. Quote the value and double the quote.',
      )
    }
    // A doubled quote is one quote of the value.
    if (this.#place === 'after quote') this.#cell += '"'
    this.#place = this.#place === 'quoted' ? 'after quote' : 'quoted'
  }

  #take(run: RegExp, text: string, at: number): number {
    if (this.#place === 'after quote') {
      throw new CsvSyntaxError(
        this.#line,
        'A closing quote must be followed by a separator or the end of the line. Double quotes inside a value.',
      )
    }
    run.lastIndex = at
    const taken = run.exec(text)![0]
    if (this.#place === 'cell start') this.#place = 'plain'
    this.#grow(taken)
    return taken.length
  }

  #grow(text: string): void {
    this.#count(text.length)
    this.#cell += text
  }

  #count(length: number): void {
    this.#length += length
    if (this.#length > MAX_RECORD_LENGTH) {
      const limit = MAX_RECORD_LENGTH.toLocaleString('en')
      throw new CsvSyntaxError(
        this.#began,
        `The record is longer than ${limit} characters. Check for a quote that is not closed.`,
      )
    }
  }

  #endCell(): void {
    this.#cells.push(this.#cell)
    this.#cell = ''
    this.#place = 'cell start'
  }

  #endRecord(records: CsvRecord[]): void {
    const empty = this.#cells.length === 0 && this.#place === 'cell start'
    if (!empty) {
      this.#endCell()
      records.push({ line: this.#began, cells: this.#cells })
    }
    this.#cells = []
    this.#length = 0
    this.#began = this.#line
  }
}
