import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { zipSync } from 'fflate'

/** The same files make the same zip. */
const SAME_TIME = '2026-01-01'
const PLUGIN = path.join(import.meta.dirname, '../../wp-bridge/plugin')

/** The bridge plugin as WordPress installs it: a zip with its folder in it. */
export async function pluginZip(): Promise<Uint8Array<ArrayBuffer>> {
  const entries = await readdir(PLUGIN, { recursive: true, withFileTypes: true })
  const files = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => {
        const file = path.join(entry.parentPath, entry.name)
        const name = path.relative(PLUGIN, file).split(path.sep).join('/')
        return [name, new Uint8Array(await readFile(file))] as const
      }),
  )
  return new Uint8Array(zipSync(Object.fromEntries(files), { mtime: SAME_TIME }))
}
