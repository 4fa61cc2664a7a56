import type { OpenAI } from 'openai'
import type { EgressInit } from '../egress.ts'
import type { Endpoint } from './openai-error.ts'
import { type Limits, withRetries } from './openai-retry.ts'
import { AiError, type Answer, type GeneratedImage } from './provider.ts'

/** Well above what 1536×1024 takes as PNG. */
const MAX_IMAGE_BYTES = 25 * 1024 * 1024

export type ImageMaker = {
  client: OpenAI
  /** Its `model` is the image model. */
  endpoint: Endpoint
  limits: Limits
  fetch: (url: string, init?: EgressInit) => Promise<Response>
}

/** Makes one wide picture. Throws an `AiError`, or the signal's reason when the caller aborted. */
export async function makeImage(
  maker: ImageMaker,
  prompt: string,
  signal: AbortSignal,
): Promise<Answer<GeneratedImage>> {
  const { client, endpoint, limits } = maker
  const given = await withRetries(
    (signal) =>
      client.images.generate(
        { model: endpoint.model, prompt, n: 1, size: sizeFor(endpoint.model) },
        { signal },
      ),
    { endpoint, limits, signal },
  )
  const image = given?.data?.[0]
  const bytes = image?.b64_json
    ? new Uint8Array(Buffer.from(image.b64_json, 'base64'))
    : image?.url
      ? await download(maker, image.url, signal)
      : undefined
  if (!bytes || !isPicture(bytes)) {
    const message = `${endpoint.model} gave no PNG, JPEG or WebP. Choose another image model.`
    throw new AiError('ai_bad_answer', message, { retryable: false })
  }
  const usage = {
    model: endpoint.model,
    tokens_in: given?.usage?.input_tokens ?? 0,
    tokens_out: given?.usage?.output_tokens ?? 0,
  }
  return { data: { bytes }, usage }
}

/** The widest that each family of models makes. */
function sizeFor(model: string) {
  if (model.startsWith('dall-e-3')) return '1792x1024'
  return model.startsWith('dall-e-2') ? '1024x1024' : '1536x1024'
}

/** The address is the server's word, not ours, so it goes out without the key. */
function download(maker: ImageMaker, url: string, signal: AbortSignal): Promise<Uint8Array> {
  const { endpoint, limits } = maker
  return withRetries(
    async (signal) => {
      const init = { signal, maxBytes: MAX_IMAGE_BYTES, timeoutMs: limits.timeoutMs }
      const response = await maker.fetch(url, { ...init, followRedirects: 2 })
      if (response.ok) return new Uint8Array(await response.arrayBuffer())
      await response.body?.cancel()
      const message = `The picture that ${endpoint.model} made could not be fetched (${response.status}).`
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
