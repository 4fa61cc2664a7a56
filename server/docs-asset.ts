import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'

/** A file of swagger-ui-dist, by its name. */
export async function docsAsset(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const folder = path.dirname(
    createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'),
  )
  return new Uint8Array(await readFile(path.join(folder, name)))
}
