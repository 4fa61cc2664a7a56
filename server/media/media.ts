/** A stored file. `path` is its name in the folder or bucket, and below `/media/`. */
export type KeptFile = { path: string; hash: string }

/** Stores image files by the SHA-256 of their content, so the same content is stored once. */
export type MediaStore = {
  /** Stores `bytes` durably: they survive a power cut once the promise resolves. `extension` has no dot. */
  put(bytes: Uint8Array, extension: string): Promise<KeptFile>
  /** The file at a path that `put` returned, or undefined. */
  get(path: string): Promise<Uint8Array<ArrayBuffer> | undefined>
  /** Removes a file unless it was stored within the last hour, because another row may be about to name it. */
  remove(path: string): Promise<void>
  /**
   * Lists up to `limit` files of a folder (two hexadecimal digits) after `after`, ordered by path. `at` is
   * when each was last stored, in milliseconds. Removes temporary files of killed writers.
   */
  list(folder: string, after: string, limit: number): Promise<{ path: string; at: number }[]>
}

/** `ab/abcdef….webp`: two characters of the hash spread the files over 256 folders. */
const PATH = /^([0-9a-f]{2})\/\1[0-9a-f]{62}\.[a-z0-9]{1,5}$/

/** Files stored more recently are not removed. */
export const RECENT_MS = 3_600_000

/** Whether a path has the form of those that `put` returns. */
export const isKeptPath = (path: string) => PATH.test(path)

/** The path under which `bytes` are stored. Throws for an invalid extension. */
export async function keptFile(bytes: Uint8Array, extension: string): Promise<KeptFile> {
  const digest = await crypto.subtle.digest('SHA-256', new Uint8Array(bytes))
  const hash = Buffer.from(digest).toString('hex')
  const path = `${hash.slice(0, 2)}/${hash}.${extension}`
  if (!isKeptPath(path)) throw new Error(`not an extension: ${extension}`)
  return { path, hash }
}
