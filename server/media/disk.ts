import { createHash, randomUUID } from 'node:crypto'
import { mkdir, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises'
import path from 'node:path'
import type { MediaStore } from './media.ts'

/** `ab/abcdef….webp`: two characters of the hash spread the files over 256 folders. */
const PATH = /^([0-9a-f]{2})\/\1[0-9a-f]{62}\.[a-z0-9]{1,5}$/

const RECENT_MS = 3_600_000

/** Files under `folder`. Each appears whole, by a rename, so that a kill leaves no half of one. */
export function diskMedia(folder: string): MediaStore {
  return {
    async put(bytes, extension) {
      const hash = createHash('sha256').update(bytes).digest('hex')
      const name = `${hash.slice(0, 2)}/${hash}.${extension}`
      if (!PATH.test(name)) throw new Error(`not an extension: ${extension}`)
      const file = path.join(folder, name)
      await mkdir(path.dirname(file), { recursive: true })
      if (await exists(file)) await utimes(file, new Date(), new Date())
      else await writeWhole(file, bytes)
      // Also for a file that was there: whoever wrote it may have been killed before this.
      await syncFolder(path.dirname(file))
      await syncFolder(folder)
      return { path: name, hash }
    },
    async remove(name) {
      if (!PATH.test(name)) return
      const file = path.join(folder, name)
      if (!(await exists(file))) return
      const { mtimeMs } = await stat(file)
      if (Date.now() - mtimeMs > RECENT_MS) await rm(file, { force: true })
    },
    async get(name) {
      if (!PATH.test(name)) return undefined
      try {
        return new Uint8Array(await readFile(path.join(folder, name)))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
        throw error
      }
    },
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

async function writeWhole(file: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${file}.${randomUUID()}`
  try {
    const handle = await open(temporary, 'wx')
    try {
      await handle.writeFile(bytes)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** Its names survive a power cut once this is done. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
