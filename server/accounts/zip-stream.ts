import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { ZipFile } from 'yazl'

/** A file of an archive. Text is compressed; images already are. */
export type ZipEntry = {
  name: string
  isCompressed: boolean
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>
}

/**
 * Streams a zip archive with a few chunks in memory, in ZIP64 format if its size or number of files needs
 * it. Fails when `entries` fails. https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 */
export function zipped(entries: AsyncIterable<ZipEntry>): AsyncIterator<Uint8Array> {
  const zip = new ZipFile()
  const output = zip.outputStream as Readable
  const left = new AbortController()
  output.once('close', () => left.abort())
  // The iterator reports the error to the reader; without a listener it would end the process.
  output.on('error', () => undefined)
  const fail = (error: unknown) => void output.destroy(error as Error)
  zip.on('error', fail)
  fill(zip, entries, left.signal).catch(fail)
  return output[Symbol.asyncIterator]()
}

/** Adds one file after another, each when the reader needs it. */
async function fill(zip: ZipFile, entries: AsyncIterable<ZipEntry>, left: AbortSignal) {
  for await (const { name, isCompressed, chunks } of entries) {
    const data = Readable.from(chunks, { objectMode: false, signal: left })
    zip.addReadStream(data, name, { compress: !isCompressed })
    await finished(data)
  }
  zip.end()
}
