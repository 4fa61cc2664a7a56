import type { AccountIntegrations } from '../ai/account-integrations.ts'
import { defaultImageModel, ImageChoice, isAllowed, sizeProblem } from '../ai/image-models.ts'
import type { ImageProvider } from '../ai/provider.ts'
import { invalid } from '../errors.ts'

/** Throws a 400 unless the plan includes the model and the provider supports the size. */
export function checkImageChoice(
  { rows, imageModels }: AccountIntegrations,
  config: Record<string, unknown>,
): void {
  const { provider, model, size } = ImageChoice.parse(config)
  if (!provider) {
    if (model ?? size) throw invalid('config.provider', 'is required with a model or a size')
    return
  }
  const used = model ?? ownModel(rows, provider)
  if (provider === 'local' && used !== 'local') {
    throw invalid('config.model', 'must be "local" with the provider local')
  }
  if (!isAllowed(imageModels, provider, used)) {
    const list = imageModels.join(', ')
    throw invalid(
      'config.model',
      `must be a model that your plan includes (${list}), not "${used}"`,
    )
  }
  const problem = size && sizeProblem(provider, used, size)
  if (problem) throw invalid('config.size', problem)
}

/** The image model that is used if `image_generation` names none. */
function ownModel({ openai, runware }: AccountIntegrations['rows'], provider: ImageProvider) {
  const own = { openai: openai?.config.image_model, runware: runware?.config.model, local: 'local' }
  return String(own[provider] ?? defaultImageModel(provider))
}
