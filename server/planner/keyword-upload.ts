import { z } from 'zod'
import { DomainError } from '../errors.ts'
import { CsvReader, type CsvRecord, CsvSyntaxError } from '../formats/csv-records.ts'
import { boundaryOf, MultipartError, type Part, partText, readParts } from '../formats/multipart.ts'
import { problemFromZod } from '../http/problem.ts'
import { queryId } from '../http/schemas.ts'
import type { SiteSector } from '../sites/site-sector.ts'
import type { KeywordRow } from './keyword-columns.ts'
import { type RowError, type RowReader, readHeader } from './keyword-rows.ts'

const PATIENCE = { idleMs: 30_000, totalMs: 60 * 60_000 }
const MAX_FIELDS = 20
const MAX_FIELD_BYTES = 1000
const Fields = z.object({ site_id: queryId, sector_id: queryId })

export type Rows = (KeywordRow | RowError)[]

/** An uploaded file of keywords: its rows as they arrive, and after them where they belong. */
export type Upload = { rows: AsyncGenerator<Rows, void, undefined>; place(): SiteSector }

/**
 * Opens a multipart/form-data body with `file`, `site_id` and `sector_id`, in any order. Reading its
 * rows throws `csv_invalid` where the body or the file as a whole cannot be read, and
 * `request_timeout` where it stops arriving. `admit` runs before the file is read, with the place where
 * the fields came first.
 */
export function openUpload(
  body: ReadableStream<Uint8Array> | null,
  contentType: string,
  admit: (place: SiteSector | undefined) => Promise<void>,
): Upload {
  const fields = new Map<string, string>()
  const place = () => {
    const parsed = Fields.safeParse(Object.fromEntries(fields))
    if (!parsed.success) throw problemFromZod(parsed.error)
    return parsed.data
  }
  const begin = () => {
    const areFirst = fields.has('site_id') && fields.has('sector_id')
    return admit(areFirst ? place() : undefined)
  }
  return { rows: readUpload(body, contentType, fields, begin), place }
}

/** The boundary of a form; throws `csv_invalid` for another content type. */
export function formBoundary(contentType: string): string {
  try {
    return boundaryOf(contentType)
  } catch (error) {
    if (error instanceof MultipartError) throw unreadable('bad_form', error.message)
    throw error
  }
}

async function* readUpload(
  body: ReadableStream<Uint8Array> | null,
  contentType: string,
  fields: Map<string, string>,
  begin: () => Promise<void>,
) {
  if (!body) throw unreadable('no_file', 'The request has no body.')
  let files = 0
  let others = 0
  try {
    for await (const part of readParts(body, contentType, PATIENCE)) {
      if (part.name !== 'file') {
        if (++others > MAX_FIELDS) {
          throw unreadable('bad_form', `The form has more than ${MAX_FIELDS} fields.`)
        }
        fields.set(part.name, await partText(part, MAX_FIELD_BYTES))
      } else if (++files === 1) {
        await begin()
        yield* readFile(part)
      } else throw unreadable('two_files', 'The body has more than one file.')
    }
  } catch (error) {
    if (error instanceof MultipartError) throw unreadable('bad_form', error.message)
    if (error instanceof CsvSyntaxError) {
      throw unreadable('bad_quoting', `Line ${error.line}: ${error.message}`)
    }
    throw error
  }
  if (files === 0) throw unreadable('no_file', 'The form has no field named file.')
}

async function* readFile(part: Part): AsyncGenerator<Rows, void, undefined> {
  const csv = new CsvReader()
  let row: RowReader | undefined
  for await (const text of utf8(part.body)) yield rowsOf(csv.read(text))
  yield rowsOf(csv.end())
  if (!row) throw unreadable('wrong_header', 'The file is empty.')

  function rowsOf(records: CsvRecord[]): Rows {
    if (!row && records.length > 0) {
      const header = readHeader(records.shift()!.cells)
      if (typeof header === 'string') throw unreadable('wrong_header', header)
      row = header
    }
    return records.map((record) => row!(record)).filter((read) => read !== undefined)
  }
}

/** Decodes without a byte order mark; what is not UTF-8 text ends the import. */
async function* utf8(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let lines = 1
  const checked = (text: string) => {
    const at = text.indexOf('\0')
    if (at < 0) {
      lines += text.split('\n').length - 1
      return text
    }
    const line = lines + text.slice(0, at).split('\n').length - 1
    throw unreadable(
      'nul',
      `Line ${line}: the file has a NUL character, so it is not text. Export it as CSV again.`,
    )
  }
  try {
    for await (const chunk of bytes) yield checked(decoder.decode(chunk, { stream: true }))
    yield checked(decoder.decode())
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw unreadable(
      'not_utf8',
      `After line ${lines} the file is not UTF-8 text. Save it as "CSV UTF-8".`,
    )
  }
}

function unreadable(cause_code: string, detail: string): DomainError {
  return new DomainError('csv_invalid', `Nothing was imported. ${detail}`, { cause_code })
}
