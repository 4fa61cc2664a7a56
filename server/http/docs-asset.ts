import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'

const assets = new Map<string, Uint8Array<ArrayBuffer>>()

/** Returns a file of swagger-ui-dist by name, cached after the first read. */
export async function docsAsset(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const known = assets.get(name)
  if (known) return known
  const folder = path.dirname(
    createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'),
  )
  const bytes = new Uint8Array(await readFile(path.join(folder, name)))
  assets.set(name, bytes)
  return bytes
}
