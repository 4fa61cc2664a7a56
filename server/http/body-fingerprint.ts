const BLOCK_BYTES = 64 * 1024

/**
 * Hashes a stream with SHA-256 in fixed blocks, each chained to the one before: the result does not depend
 * on how the bytes are split into chunks. `leftOut` is removed from the bytes, because a client that
 * repeats a form sends it with another boundary.
 */
export class BodyFingerprint {
  readonly #leftOut: Buffer | undefined
  #held = Buffer.alloc(0)
  #block: Buffer[] = []
  #blockBytes = 0
  #chained = Buffer.alloc(0)
  #adding: Promise<void> = Promise.resolve()

  constructor(beginning: string, leftOut?: string) {
    this.#leftOut = leftOut ? Buffer.from(leftOut) : undefined
    this.#gather(Buffer.from(`${beginning}\n`))
  }

  /** May be called again before it resolves; chunks are hashed in the order of the calls. */
  add(chunk: Uint8Array): Promise<void> {
    this.#adding = this.#adding.then(() => this.#add(chunk))
    return this.#adding
  }

  async #add(chunk: Uint8Array): Promise<void> {
    let rest = Buffer.concat([this.#held, chunk])
    const leftOut = this.#leftOut
    if (leftOut) {
      for (let at = rest.indexOf(leftOut); at >= 0; at = rest.indexOf(leftOut)) {
        await this.#take(rest.subarray(0, at))
        rest = rest.subarray(at + leftOut.length)
      }
    }
    const mayBegin = leftOut ? Math.min(rest.length, leftOut.length - 1) : 0
    await this.#take(rest.subarray(0, rest.length - mayBegin))
    this.#held = Buffer.from(rest.subarray(rest.length - mayBegin))
  }

  async end(): Promise<string> {
    await this.#adding
    await this.#take(this.#held)
    await this.#chain()
    return this.#chained.toString('base64url')
  }

  async #take(bytes: Buffer): Promise<void> {
    let rest = bytes
    while (this.#blockBytes + rest.length >= BLOCK_BYTES) {
      const room = BLOCK_BYTES - this.#blockBytes
      this.#gather(rest.subarray(0, room))
      await this.#chain()
      rest = rest.subarray(room)
    }
    this.#gather(rest)
  }

  #gather(bytes: Buffer): void {
    this.#block.push(bytes)
    this.#blockBytes += bytes.length
  }

  async #chain(): Promise<void> {
    const bytes = Buffer.concat([this.#chained, ...this.#block])
    this.#chained = Buffer.from(await crypto.subtle.digest('SHA-256', bytes))
    this.#block = []
    this.#blockBytes = 0
  }
}
