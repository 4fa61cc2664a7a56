import type { EgressInit } from '../egress/egress.ts'
import type { Endpoint } from './openai-error.ts'
import { type Limits, withRetries } from './openai-retry.ts'
import { AiError } from './provider.ts'

/** Well above what 1536×1024 takes as PNG. */
const MAX_IMAGE_BYTES = 25 * 1024 * 1024

/** Who is asked for a picture; the endpoint's `model` is the image model. */
export type PictureSource = {
  endpoint: Endpoint
  limits: Limits
  fetch: (url: string, init?: EgressInit) => Promise<Response>
}

/** The bytes of a picture, in base64 or at an address. Throws an `AiError` for anything else. */
export async function pictureBytes(
  source: PictureSource,
  given: { base64?: string | null; url?: string | null },
  signal: AbortSignal,
): Promise<Uint8Array> {
  const bytes = given.base64
    ? new Uint8Array(Buffer.from(given.base64, 'base64'))
    : given.url
      ? await download(source, given.url, signal)
      : undefined
  if (bytes && isPicture(bytes)) return bytes
  const message = `${source.endpoint.model} returned no PNG, JPEG or WebP. Choose another image model.`
  throw new AiError('ai_bad_answer', message, { retryable: false })
}

/** The address is the server's word, not ours, so it goes out without the key. */
function download(source: PictureSource, url: string, signal: AbortSignal): Promise<Uint8Array> {
  const { endpoint, limits } = source
  return withRetries(
    async (signal) => {
      const init = { signal, maxBytes: MAX_IMAGE_BYTES, timeoutMs: limits.timeoutMs }
      const response = await source.fetch(url, { ...init, followRedirects: 2 })
      if (response.ok) return new Uint8Array(await response.arrayBuffer())
      await response.body?.cancel()
      const message = `The image of ${endpoint.model} could not be downloaded (${response.status}). Try again.`
      throw new AiError('ai_unavailable', message, { retryable: response.status >= 500 })
    },
    { endpoint, limits, signal },
  )
}

/** By signature: PNG, JPEG, WebP. */
function isPicture(bytes: Uint8Array): boolean {
  const head = Buffer.from(bytes.subarray(0, 12)).toString('latin1')
  return (
    head.startsWith('\x89PNG') || head.startsWith('\xff\xd8\xff') || /^RIFF.{4}WEBP/s.test(head)
  )
}
