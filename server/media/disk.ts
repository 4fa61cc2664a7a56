import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises'
import path from 'node:path'
import { isKeptPath, keptFile, type MediaStore, RECENT_MS } from './media.ts'

/** Stores files under `folder`. Each is renamed into place, so that a crash leaves no partial file. */
export function diskMedia(folder: string): MediaStore {
  return {
    async put(bytes, extension) {
      const kept = await keptFile(bytes, extension)
      const file = path.join(folder, kept.path)
      await mkdir(path.dirname(file), { recursive: true })
      if (await exists(file)) await utimes(file, new Date(), new Date())
      else await writeWhole(file, bytes)
      // Also for an existing file: its writer may have been killed before the sync.
      await syncFolder(path.dirname(file))
      await syncFolder(folder)
      return kept
    },
    async remove(name) {
      if (!isKeptPath(name)) return
      const file = path.join(folder, name)
      if (!(await exists(file))) return
      const { mtimeMs } = await stat(file)
      if (Date.now() - mtimeMs > RECENT_MS) await rm(file, { force: true })
    },
    async list(name, after, limit) {
      const names = await readdir(path.join(folder, name)).catch(orNone<string[]>([]))
      const paths = names.map((file) => `${name}/${file}`).sort()
      for (const one of paths.filter((one) => !isKeptPath(one))) {
        await removeAbandoned(path.join(folder, one))
      }
      const wanted = paths.filter((one) => isKeptPath(one) && one > after).slice(0, limit)
      const files: { path: string; at: number }[] = []
      for (const one of wanted) {
        const found = await stat(path.join(folder, one)).catch(orNone(undefined))
        if (found) files.push({ path: one, at: found.mtimeMs })
      }
      return files
    },
    async get(name) {
      if (!isKeptPath(name)) return undefined
      try {
        return new Uint8Array(await readFile(path.join(folder, name)))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
        throw error
      }
    },
  }
}

/** Handles ENOENT with a fallback value. */
const orNone =
  <T>(none: T) =>
  (error: NodeJS.ErrnoException): T => {
    if (error.code === 'ENOENT') return none
    throw error
  }

/** Removes a temporary file whose writer was killed before the rename. */
async function removeAbandoned(file: string): Promise<void> {
  const found = await stat(file).catch(orNone(undefined))
  if (found?.isFile() && Date.now() - found.mtimeMs > RECENT_MS) await rm(file, { force: true })
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

/** Syncs a folder, so that its names survive a power cut. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
