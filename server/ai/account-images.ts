import { ImageChoice, isAllowed } from './image-models.ts'
import {
  type IntegrationRow,
  type Opening,
  openAiOptions,
  runwareOptions,
} from './open-integration.ts'
import { openaiProvider } from './openai.ts'
import { AiError, type ImageProvider } from './provider.ts'
import { type ImageMaking, runwareImages } from './runware.ts'

export type ImageSetup = {
  openai: IntegrationRow | undefined
  runware: IntegrationRow | undefined
  /** What `image_generation` says; empty when it says nothing. */
  choice: Record<string, unknown>
  /** That the plan allows. */
  imageModels: string[]
}

/** Who makes an account's images. What is wrong with the settings is thrown when one is made. */
export async function openImages(
  opening: Opening,
  setup: ImageSetup,
  local: ImageMaking,
): Promise<ImageMaking> {
  const choice = ImageChoice.parse(setup.choice)
  const provider = choice.provider ?? firstOf(setup)
  if (provider === 'local') {
    return { imagesBy: 'local', generateImage: (...given) => local.generateImage(...given) }
  }
  try {
    const row = setup[provider]
    if (!row) throw notActive(provider)
    const making = provider === 'openai' ? await byOpenAi(row) : await byRunware(row)
    if (!isAllowed(setup.imageModels, provider, making.model)) throw notInPlan(making.model)
    return making.images
  } catch (error) {
    if (!(error instanceof AiError)) throw error
    return { imagesBy: provider, generateImage: () => Promise.reject(error) }
  }

  async function byOpenAi(row: IntegrationRow) {
    const options = await openAiOptions(opening, row)
    const imageModel = choice.model ?? options.imageModel
    const images = openaiProvider({ ...options, imageModel, imageSize: choice.size })
    return { model: imageModel, images: { imagesBy: 'openai', ...picked(images) } as const }
  }

  async function byRunware(row: IntegrationRow) {
    const options = await runwareOptions(opening, row)
    const { model = options.model, size = options.size } = choice
    return { model, images: runwareImages({ ...options, model, size }) }
  }
}

const picked = ({ generateImage }: ImageMaking) => ({ generateImage })

function firstOf({ openai, runware }: ImageSetup): ImageProvider {
  if (openai) return 'openai'
  return runware ? 'runware' : 'local'
}

function notActive(provider: ImageProvider): AiError {
  const message = `image_generation uses ${provider}, whose integration is not active. Save and activate it, or choose another provider.`
  return new AiError('ai_not_configured', message, { retryable: false })
}

function notInPlan(model: string): AiError {
  const message = `The plan does not include the image model ${model} (image_model_choices). Choose one that it includes.`
  return new AiError('ai_model_not_in_plan', message, { retryable: false })
}
