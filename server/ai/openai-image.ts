import type { OpenAI } from 'openai'
import { withRetries } from './openai-retry.ts'
import { type PictureSource, pictureBytes } from './picture.ts'
import type { AiResult, GeneratedImage } from './provider.ts'

export type ImageMaker = PictureSource & { client: OpenAI }

/** Makes one picture. Throws an `AiError`, or the signal's reason when the caller aborted. */
export async function makeImage(
  maker: ImageMaker,
  wanted: { prompt: string; size?: string },
  signal: AbortSignal,
): Promise<AiResult<GeneratedImage>> {
  const { client, endpoint, limits } = maker
  const { model } = endpoint
  const { prompt, size = widestOf(model) } = wanted
  const given = await withRetries(
    (signal) => client.images.generate({ model, prompt, n: 1, size }, { signal }),
    { endpoint, limits, signal },
  )
  const image = given?.data?.[0]
  const bytes = await pictureBytes(maker, { base64: image?.b64_json, url: image?.url }, signal)
  const usage = {
    model,
    tokens_in: given?.usage?.input_tokens ?? 0,
    tokens_out: given?.usage?.output_tokens ?? 0,
  }
  return { data: { bytes }, usage }
}

/** The widest that each family of models makes. */
function widestOf(model: string) {
  if (model.startsWith('dall-e-3')) return '1792x1024'
  return model.startsWith('dall-e-2') ? '1024x1024' : '1536x1024'
}
