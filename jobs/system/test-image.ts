import { z } from 'zod'
import { type ImageSetup, openImages } from '../../server/ai/account-images.ts'
import { readIntegrations } from '../../server/ai/account-integrations.ts'
import { localProvider } from '../../server/ai/local/provider.ts'
import { askProvider } from '../ai-failure.ts'
import { storeVariants } from '../images/store-variants.ts'
import { StepError, type StepHandler, type StepJob } from '../step.ts'

const Params = z.object({
  integration_type: z.enum(['openai', 'runware', 'image_generation']),
  prompt: z.string(),
  negative_prompt: z.string().optional(),
})

/** Makes one image of a prompt, as the articles get theirs or by the provider that is named. */
export const testImage: StepHandler = async (job) => {
  const { prompt, negative_prompt } = Params.parse(job.step.params)
  const setup = await readSetup(job)
  const images = await openImages(job.deps, setup, localProvider())
  await job.requested('generate_image', `Asked ${images.imagesBy} for: ${prompt}`)
  const input = { prompt, alt_text: prompt, title: prompt }
  const prompts = negative_prompt ? { negative_prompt } : {}
  const { data, usage } = await askProvider(
    () => images.generateImage(input, { signal: job.signal, prompts }),
    { retry: false },
  )
  // No position of an article's own image: one size is enough.
  const place = { prompt: { prompt, alt_text: prompt, heading: null }, position: 1 }
  const [kept] = await storeVariants(job.deps.media, data.bytes, place)
  if (!kept) throw new StepError('ai_bad_answer', 'The provider made no image.')
  const { width, height, image_path } = kept
  return {
    message: `Made an image by ${images.imagesBy}`,
    result: {
      ...{ provider: images.imagesBy, model: usage.model, width, height },
      image_url: `/media/${image_path}`,
      cost_usd: usage.cost_usd ?? null,
    },
  }
}

/** As it is saved, active or not, where a provider is named. */
async function readSetup(job: StepJob): Promise<ImageSetup> {
  const { integration_type: type } = Params.parse(job.step.params)
  const { rows, imageModels } = await job.read((tx) => readIntegrations(tx, job.scope.accountId))
  if (type !== 'image_generation') {
    const { openai, runware } = rows
    return { openai, runware, choice: { provider: type }, imageModels }
  }
  const { openai, runware, image_generation } = rows
  return {
    openai: openai?.is_active ? openai : undefined,
    runware: runware?.is_active ? runware : undefined,
    choice: image_generation?.is_active ? image_generation.config : {},
    imageModels,
  }
}
