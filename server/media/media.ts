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
}
