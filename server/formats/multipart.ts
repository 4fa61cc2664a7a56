import { tooSlow } from '../http/receive-body.ts'

/** A part of a multipart/form-data body. `body` must be read to its end or not at all. */
export type Part = {
  name: string
  filename: string | undefined
  body: AsyncGenerator<Uint8Array, void, undefined>
}

/** The body is not valid multipart/form-data (RFC 7578), or is incomplete. */
export class MultipartError extends Error {}

const MAX_HEADER_BYTES = 16_384
/** The most bytes before the first boundary and after the last one. */
const MAX_OUTSIDE_BYTES = 16_384
const MAX_BOUNDARY_LENGTH = 70
const CRLF = '\r\n'

/** How long the sender may pause, and how long the whole body may take. */
export type Patience = { idleMs: number; totalMs: number }

/**
 * Reads a body part by part as it arrives, with a few chunks in memory. Throws `MultipartError`, and
 * `request_timeout` for a sender that takes too long.
 */
export async function* readParts(
  body: ReadableStream<Uint8Array>,
  contentType: string,
  patience: Patience,
): AsyncGenerator<Part, void, undefined> {
  const delimiter = `${CRLF}--${boundaryOf(contentType)}`
  const bytes = new ByteQueue(body, patience)
  try {
    // The first delimiter may be at the very start, without a line break before it.
    bytes.prepend(CRLF)
    await pass(bytes.until(delimiter), MAX_OUTSIDE_BYTES)
    // The last delimiter may be the end of the body, without a line break.
    while (!(await bytes.startsWith('--'))) {
      await bytes.line(MAX_HEADER_BYTES)
      const part = { ...(await readHeader(bytes)), body: bytes.until(delimiter) }
      yield part
      await pass(part.body)
    }
    await bytes.end(MAX_OUTSIDE_BYTES)
  } finally {
    await bytes.cancel()
  }
}

/** Reads a small part as text. */
export async function partText(part: Part, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of part.body) {
    size += chunk.length
    if (size > maxBytes)
      throw new MultipartError(
        `The field ${part.name} is too long. The limit is ${maxBytes} bytes.`,
      )
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

/** The boundary. Throws `MultipartError` for another content type or a missing boundary. */
export function boundaryOf(contentType: string): string {
  const found = /^multipart\/form-data\s*;.*\bboundary=(?:"([^"]+)"|([^\s;]+))/i.exec(contentType)
  const boundary = found?.[1] ?? found?.[2]
  if (!boundary || boundary.length > MAX_BOUNDARY_LENGTH) {
    throw new MultipartError('The Content-Type must be multipart/form-data with a boundary.')
  }
  return boundary
}

async function readHeader(
  bytes: ByteQueue,
): Promise<{ name: string; filename: string | undefined }> {
  let disposition = ''
  for (let size = 0; ; ) {
    const line = await bytes.line(MAX_HEADER_BYTES - size)
    if (line === '') break
    size += line.length
    if (/^content-disposition:/i.test(line)) disposition = line
  }
  const parameter = (name: string) =>
    new RegExp(`[;\\s]${name}="([^"]*)"`, 'i').exec(disposition)?.[1]
  const name = parameter('name')
  if (name === undefined) throw new MultipartError('A part of the body has no name.')
  return { name, filename: parameter('filename') }
}

async function pass(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes = Number.POSITIVE_INFINITY,
): Promise<void> {
  let bytes = 0
  for await (const chunk of chunks) {
    bytes += chunk.length
    if (bytes > maxBytes) throw new MultipartError('The body does not start with its boundary.')
  }
}

/** The bytes that have arrived and were not consumed yet. */
class ByteQueue {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #idleMs: number
  readonly #endsAt: number
  #held: Buffer = Buffer.alloc(0)

  constructor(body: ReadableStream<Uint8Array>, { idleMs, totalMs }: Patience) {
    this.#reader = body.getReader()
    this.#idleMs = idleMs
    this.#endsAt = Date.now() + totalMs
  }

  prepend(text: string): void {
    this.#held = Buffer.concat([Buffer.from(text), this.#held])
  }

  /** Yields the bytes before `delimiter`, and consumes the delimiter. */
  async *until(delimiter: string): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const at = this.#held.indexOf(delimiter)
      const end = at >= 0 ? at : this.#held.length - delimiter.length + 1
      if (end > 0) {
        const chunk = this.#held.subarray(0, end)
        this.#held = this.#held.subarray(end)
        yield chunk
      }
      if (at >= 0) {
        this.#held = this.#held.subarray(delimiter.length)
        return
      }
      await this.#fill()
    }
  }

  /** Whether `text` comes next. Consumes nothing. */
  async startsWith(text: string): Promise<boolean> {
    while (this.#held.length < text.length) await this.#fill()
    return this.#held.toString('latin1', 0, text.length) === text
  }

  /** Consumes a line and returns it without its CRLF. */
  async line(maxBytes: number): Promise<string> {
    for (;;) {
      const at = this.#held.indexOf(CRLF)
      if (at >= 0) {
        const line = this.#held.toString('utf8', 0, at)
        this.#held = this.#held.subarray(at + CRLF.length)
        return line
      }
      if (this.#held.length > maxBytes)
        throw new MultipartError('A part has a header that is too long.')
      await this.#fill()
    }
  }

  /** Discards the rest of the body. */
  async end(maxBytes: number): Promise<void> {
    let bytes = this.#held.length
    for (let chunk = await this.#read(); chunk; chunk = await this.#read()) {
      bytes += chunk.length
      if (bytes > maxBytes) throw new MultipartError('The body continues after its last boundary.')
    }
  }

  async cancel(): Promise<void> {
    await this.#reader.cancel().catch(() => {})
  }

  async #fill(): Promise<void> {
    const chunk = await this.#read()
    if (!chunk) throw new MultipartError('The body ended before its last boundary. Send it again.')
    this.#held = this.#held.length > 0 ? Buffer.concat([this.#held, chunk]) : asBuffer(chunk)
  }

  /** Undefined at the end of the body. */
  async #read(): Promise<Uint8Array | undefined> {
    const waiting = Promise.withResolvers<never>()
    const patienceMs = Math.min(this.#idleMs, this.#endsAt - Date.now())
    const timer = setTimeout(() => waiting.reject(tooSlow()), patienceMs)
    const reading = this.#reader.read().catch(() => {
      throw new MultipartError('The body ended before it was complete. Send it again.')
    })
    try {
      return (await Promise.race([reading, waiting.promise])).value
    } finally {
      clearTimeout(timer)
    }
  }
}

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}
