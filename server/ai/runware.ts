import type { EgressInit } from '../egress/egress.ts'
import { widthAndHeight } from './image-models.ts'
import type { Endpoint } from './openai-error.ts'
import { DEFAULT_LIMITS, type Limits } from './openai-retry.ts'
import { pictureBytes } from './picture.ts'
import { promptTexts } from './prompts/prompt-texts.ts'
import { AiError, type AiProvider } from './provider.ts'
import { sendTask } from './runware-task.ts'

/** What Runware takes as a prompt, in characters. */
const MAX_PROMPT = 3000
const MIN_PROMPT = 2

export type RunwareOptions = {
  apiKey: string
  baseUrl: string
  /** An AIR identifier, such as runware:101@1. */
  model: string
  /** Such as 1536x1024; both sides multiples of 64. */
  size: string
  /** The guarded client. */
  fetch: (url: string, init?: EgressInit) => Promise<Response>
  retry?: Partial<Limits>
}

/** The part of a provider that makes images. */
export type ImageMaking = Pick<AiProvider, 'imagesBy' | 'generateImage'>

/** Runware's HTTP API makes the images. Errors are `AiError`s and never hold the key. */
export function runwareImages(options: RunwareOptions): ImageMaking {
  return {
    imagesBy: 'runware',
    async generateImage(input, { signal, prompts }) {
      const source = sourceOf(options)
      const texts = promptTexts(prompts)
      const negative = texts.negative.trim().slice(0, MAX_PROMPT)
      const image = await sendTask(
        source,
        {
          taskType: 'imageInference',
          positivePrompt: texts.imageWithout(input).slice(0, MAX_PROMPT),
          ...(negative.length >= MIN_PROMPT && { negativePrompt: negative }),
          ...widthAndHeight(options.size),
          model: options.model,
          numberResults: 1,
          outputType: 'base64Data',
          outputFormat: 'PNG',
          includeCost: true,
        },
        signal,
      )
      const given = { base64: image.imageBase64Data, url: image.imageURL }
      const bytes = await pictureBytes(source, given, signal)
      const usage = { model: options.model, tokens_in: 0, tokens_out: 0, cost_usd: image.cost }
      return { data: { bytes }, usage }
    },
  }
}

/** Asks Runware, at no cost, whom the key belongs to. Resolves to the balance, in US dollars, where it is told. */
export async function runwareBalance(
  options: RunwareOptions,
  signal: AbortSignal,
): Promise<number | undefined> {
  const task = { taskType: 'accountManagement', operation: 'getDetails' }
  return (await sendTask(sourceOf(options), task, signal)).balance
}

function sourceOf(options: RunwareOptions) {
  const { baseUrl, model, apiKey, fetch } = options
  if (!apiKey) {
    const message = 'Runware needs an API key. Save it in the runware integration.'
    throw new AiError('ai_key_refused', message, { retryable: false })
  }
  const endpoint: Endpoint = { baseUrl, model, apiKey }
  return { endpoint, fetch, limits: { ...DEFAULT_LIMITS, ...options.retry } }
}
