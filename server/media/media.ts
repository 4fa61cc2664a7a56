/** A kept file: `path` is its name, below the folder or bucket, and below `/media/`. */
export type KeptFile = { path: string; hash: string }

/** Where image files are kept, by the SHA-256 of what they hold: the same content is kept once. */
export type MediaStore = {
  /** Keeps `bytes`; when the promise resolves they survive a power cut. `extension` without its dot. */
  put(bytes: Uint8Array, extension: string): Promise<KeptFile>
  /** The file at a path that `put` gave, or undefined. */
  get(path: string): Promise<Uint8Array<ArrayBuffer> | undefined>
  /** Removes the file at a path that `put` gave, unless it was put within the last hour: it may be on its way to another row. */
  remove(path: string): Promise<void>
  /**
   * Up to `limit` files of a folder, which is two hexadecimal digits, in the order of their paths and
   * after `after`. `at` is when each was put last, in milliseconds. What a killed writer has left half
   * done is removed.
   */
  list(folder: string, after: string, limit: number): Promise<{ path: string; at: number }[]>
}

/** `ab/abcdef….webp`: two characters of the hash spread the files over 256 folders. */
const PATH = /^([0-9a-f]{2})\/\1[0-9a-f]{62}\.[a-z0-9]{1,5}$/

/** What was put more recently is not removed. */
export const RECENT_MS = 3_600_000

/** Whether a path may be one that `put` gave. */
export const isKeptPath = (path: string) => PATH.test(path)

/** Where `bytes` are kept. Throws for what is no extension. */
export async function keptFile(bytes: Uint8Array, extension: string): Promise<KeptFile> {
  const digest = await crypto.subtle.digest('SHA-256', new Uint8Array(bytes))
  const hash = Buffer.from(digest).toString('hex')
  const path = `${hash.slice(0, 2)}/${hash}.${extension}`
  if (!isKeptPath(path)) throw new Error(`not an extension: ${extension}`)
  return { path, hash }
}
