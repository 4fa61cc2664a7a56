import { z } from 'zod'
import type { Tx } from '../../../db/database.ts'
import { type ImageSetup, openImages } from '../../../server/ai/account-images.ts'
import {
  type AccountIntegrations,
  readIntegrations,
} from '../../../server/ai/account-integrations.ts'
import { readGuidance } from '../../../server/ai/inputs/read-guidance.ts'
import { localProvider } from '../../../server/ai/local/provider.ts'
import { StepError, type StepHandler, type StepJob } from '../../steps/step.ts'
import { askService } from '../ask-service.ts'
import { storeVariants } from '../media/store-variants.ts'

const Type = z.enum(['openai', 'runware', 'image_generation'])
type Type = z.infer<typeof Type>

const Params = z.object({
  integration_type: Type,
  prompt: z.string(),
  negative_prompt: z.string().optional(),
})

/** Uses the account's prompts and strategy, and those of no sector. */
const NO_SECTOR = 0

/** Makes one image of a prompt, with the named provider or with the one that articles use. */
export const testImage: StepHandler = async (job) => {
  const { prompt, negative_prompt } = Params.parse(job.step.params)
  const { setup, edited } = await job.read((tx) => readSetup(tx, job))
  const images = await openImages(job.deps, setup, localProvider())
  await job.requested('generate_image', `Asked ${images.imagesBy} for: ${prompt}`)
  const input = { prompt, alt_text: prompt, title: prompt }
  const prompts = { ...edited, ...(negative_prompt && { negative_prompt }) }
  const { data, usage } = await askService(
    () => images.generateImage(input, { signal: job.signal, prompts }),
    { retry: false },
  )
  // Not position 0, the article's image, because one size is enough.
  const place = { prompt: { prompt, alt_text: prompt, heading: null }, position: 1 }
  const [kept] = await storeVariants(job.deps.media, data.bytes, place)
  if (!kept)
    throw new StepError(
      'ai_bad_answer',
      'The provider returned no image. Try again, or choose another model.',
    )
  const { width, height, image_path } = kept
  const { model, tokens_in, tokens_out, cost_usd = null } = usage
  return {
    message: `Made an image with ${images.imagesBy}`,
    usage: { provider: images.imagesBy, model, tokens_in, tokens_out, images: 1 },
    result: {
      ...{ provider: images.imagesBy, model, width, height },
      image_url: `/media/${image_path}`,
      cost_usd,
    },
  }
}

async function readSetup(tx: Tx, job: StepJob) {
  const { integration_type } = Params.parse(job.step.params)
  const [integrations, guidance] = await Promise.all([
    readIntegrations(tx, job.scope.accountId),
    readGuidance(tx, { sector: NO_SECTOR }),
  ])
  return { setup: setupOf(integration_type, integrations), edited: guidance.prompts }
}

/** A named provider is used with its saved settings, active or not. */
function setupOf(type: Type, { rows, imageModels }: AccountIntegrations): ImageSetup {
  const { openai, runware, image_generation } = rows
  if (type !== 'image_generation') {
    return { openai, runware, choice: { provider: type }, imageModels }
  }
  return {
    openai: openai?.is_active ? openai : undefined,
    runware: runware?.is_active ? runware : undefined,
    choice: image_generation?.is_active ? image_generation.config : {},
    imageModels,
  }
}
