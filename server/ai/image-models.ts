import { z } from 'zod'
import { OPENAI_DEFAULTS } from './openai-settings.ts'
import { IMAGE_PROVIDERS, type ImageProvider } from './provider.ts'

/** As the `config` of `image_generation` holds it. */
export const ImageChoice = z.object({
  provider: z.enum(IMAGE_PROVIDERS).optional(),
  model: z.string().optional(),
  size: z.string().optional(),
})

/** What an account's `runware` settings are where it set nothing. A model is named by its AIR. */
export const RUNWARE_DEFAULTS = {
  base_url: 'https://api.runware.ai/v1',
  model: 'runware:101@1',
  size: '1536x1024',
}

/** In a plan's `image_model_choices`: every model, also those that an account brings itself. */
const ANY_MODEL = '*'

const OPENAI_SIZES: Record<string, string[]> = {
  'gpt-image-1': ['1024x1024', '1536x1024', '1024x1536'],
  'dall-e-3': ['1024x1024', '1792x1024', '1024x1792'],
  'dall-e-2': ['256x256', '512x512', '1024x1024'],
}
/** Runware's own limits, in pixels. */
const RUNWARE_STEP = 64
const RUNWARE_LEAST = 128
const RUNWARE_MOST = 2048

export const SIZE = /^[1-9]\d{1,3}x[1-9]\d{1,3}$/

export function widthAndHeight(size: string): { width: number; height: number } {
  const [width = 0, height = 0] = size.split('x').map(Number)
  return { width, height }
}

/** Whether a plan allows a model. The title card that igny8 draws itself is part of every plan. */
export function isAllowed(choices: string[], provider: ImageProvider, model: string): boolean {
  return provider === 'local' || choices.includes(model) || choices.includes(ANY_MODEL)
}

/** The model that a provider draws with where none is named. */
export function defaultImageModel(provider: ImageProvider): string {
  if (provider === 'local') return 'local'
  return provider === 'openai' ? OPENAI_DEFAULTS.image_model : RUNWARE_DEFAULTS.model
}

/** What is wrong with a size, such as 1536x1024, for a model; undefined when nothing is. */
export function sizeProblem(
  provider: ImageProvider,
  model: string,
  size: string,
): string | undefined {
  if (provider === 'local')
    return size === '1536x1024' ? undefined : 'must be 1536x1024 with the provider local'
  if (provider === 'runware') return runwareSizeProblem(size)
  const sizes = OPENAI_SIZES[model]
  if (!sizes || sizes.includes(size)) return undefined
  return `must be a size that ${model} supports: ${sizes.join(', ')}`
}

export function runwareSizeProblem(size: string): string | undefined {
  const fits = Object.values(widthAndHeight(size)).every(
    (side) => side % RUNWARE_STEP === 0 && side >= RUNWARE_LEAST && side <= RUNWARE_MOST,
  )
  if (fits) return undefined
  return `must have sides from ${RUNWARE_LEAST} to ${RUNWARE_MOST} that are multiples of ${RUNWARE_STEP}`
}
