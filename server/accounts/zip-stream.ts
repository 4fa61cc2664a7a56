import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { ZipFile } from 'yazl'

/** A file of an archive: text is compressed, images are so already. */
export type ZipEntry = {
  name: string
  isCompressed: boolean
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>
}

/**
 * An archive as it is read, with a few chunks in memory; of any size and number of files, by ZIP64
 * where it must be. An error of `entries` ends it. https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 */
export function zipped(entries: AsyncIterable<ZipEntry>): AsyncIterator<Uint8Array> {
  const zip = new ZipFile()
  const output = zip.outputStream as Readable
  const left = new AbortController()
  output.once('close', () => left.abort())
  // Whoever reads is told by the iterator; without a listener it would end the process.
  output.on('error', () => undefined)
  const fail = (error: unknown) => void output.destroy(error as Error)
  zip.on('error', fail)
  fill(zip, entries, left.signal).catch(fail)
  return output[Symbol.asyncIterator]()
}

/** One file after the other, each as it is asked for. */
async function fill(zip: ZipFile, entries: AsyncIterable<ZipEntry>, left: AbortSignal) {
  for await (const { name, isCompressed, chunks } of entries) {
    const data = Readable.from(chunks, { objectMode: false, signal: left })
    zip.addReadStream(data, name, { compress: !isCompressed })
    await finished(data)
  }
  zip.end()
}
