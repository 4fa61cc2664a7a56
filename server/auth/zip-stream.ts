import { Zip, ZipDeflate, ZipPassThrough } from 'fflate'

/** A file of an archive: text is compressed, images are so already. */
export type ZipEntry = {
  name: string
  isCompressed: boolean
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>
}

/**
 * An archive as it is written, with a chunk in memory. Without ZIP64: at most 65,535 files and 4 GB.
 * https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 */
export async function* zipped(entries: AsyncIterable<ZipEntry>): AsyncGenerator<Uint8Array> {
  const ready: Uint8Array[] = []
  const zip = new Zip((error, chunk) => {
    if (error) throw error
    ready.push(chunk)
  })
  for await (const { name, isCompressed, chunks } of entries) {
    const file = isCompressed ? new ZipPassThrough(name) : new ZipDeflate(name, { level: 6 })
    zip.add(file)
    for await (const chunk of chunks) {
      file.push(chunk)
      yield* ready.splice(0)
    }
    file.push(new Uint8Array(), true)
    yield* ready.splice(0)
  }
  zip.end()
  yield* ready.splice(0)
}
