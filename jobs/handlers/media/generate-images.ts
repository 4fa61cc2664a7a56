import { and, eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Tx } from '../../../db/database.ts'
import { images } from '../../../db/schema/writer.ts'
import { type Article, readImageSubject } from '../../../server/ai/inputs/read-image-subject.ts'
import type {
  AiProvider,
  ExtractImagePrompts,
  Usage as ProviderUsage,
} from '../../../server/ai/provider.ts'
import { IMAGE_PRICE } from '../../../server/billing/prices.ts'
import { setIllustrated } from '../../../server/tasks/task-status.ts'
import {
  type Step,
  type StepDone,
  StepError,
  type StepHandler,
  type StepJob,
} from '../../steps/step.ts'
import { appendNotes } from '../append-notes.ts'
import { askService } from '../ask-service.ts'
import { type MadeImage, storeVariants } from './store-variants.ts'

const Params = z.object({
  images_per_task: z.int().min(1),
  /** The run has only this step, and its progress counts images. */
  counts_images: z.boolean(),
})

type Prompt = ExtractImagePrompts['prompts'][number]

/** What earlier attempts at the step have made, and the usage of the provider. */
type Made = {
  by: AiProvider['imagesBy']
  prompts: Prompt[]
  made: MadeImage[]
  asked: ProviderUsage[]
}

/**
 * Makes the images of an article: one original per prompt, and the variants of each. Images of a failed
 * attempt are reused, so that the provider is not paid for them again.
 */
export const generateImages: StepHandler = async (job) => {
  const { images_per_task, counts_images } = Params.parse(job.step.params)
  const article = await job.read((tx) => requireArticle(tx, job.step.object_id))
  const provider = await job.deps.aiProvider(job.scope)
  const state =
    madeBy(provider, job.step.checkpoint) ?? (await plan(job, provider, article, images_per_task))
  const { prompts, made, asked } = state
  for (const [position, prompt] of prompts.entries()) {
    if (made.some((image) => image.position === position)) continue
    const name = `image ${position + 1} of ${prompts.length} for “${article.title}”`
    const current = counts_images ? position : undefined
    await job.progress({ phase: 'generate_images', message: `Making ${name}`, current })
    const bytes = await askForImage(job, provider, article, { ...prompt, name }, asked)
    made.push(...(await storeVariants(job.deps.media, bytes, { prompt, position })))
    await job.checkpoint(state)
  }
  return done(job, provider, article, { made, originals: prompts.length, asked })
}

/** Discards images of another provider if the account has changed it since. */
function madeBy({ imagesBy }: AiProvider, made: Step['checkpoint']): Made | undefined {
  return made?.by === imagesBy ? (made as Made) : undefined
}

async function plan(
  job: StepJob,
  provider: AiProvider,
  article: Article,
  count: number,
): Promise<Made> {
  const asked: ProviderUsage[] = []
  const prompts = await askForPrompts(job, provider, article, count, asked)
  const state = { by: provider.imagesBy, prompts, made: [], asked }
  await job.checkpoint(state)
  return state
}

/** Throws a `StepError` if the task or its article was deleted. */
async function requireArticle(tx: Tx, taskId: number): Promise<Article> {
  const article = await readImageSubject(tx, taskId)
  if (!article) throw new StepError('not_found', 'The task was deleted.')
  if (!article.html_content)
    throw new StepError('wrong_state', 'The task has no article. Generate it first.')
  return article
}

async function askForPrompts(
  job: StepJob,
  provider: AiProvider,
  article: Article,
  count: number,
  asked: ProviderUsage[],
): Promise<Prompt[]> {
  const { title, html_content, guidance } = article
  await job.progress({ phase: 'generate_images', message: `Planning the images of “${title}”` })
  await job.requested(
    'extract_image_prompts',
    `Asked ${provider.name} for ${count} image prompts for “${title}”`,
  )
  const options = { signal: job.signal, prompts: guidance.prompts }
  const { data, usage, notes } = await askService(() =>
    provider.extractImagePrompts({ title, html_content, count }, options),
  )
  asked.push(usage)
  const prompts = data.prompts.slice(0, count)
  if (prompts.length === 0)
    throw new StepError(
      'ai_bad_answer',
      'The provider returned no image prompt. Try again, or choose another model.',
    )
  const answered = `${prompts.length} image prompts for “${title}”`
  await job.responded('extract_image_prompts', appendNotes(answered, notes))
  return prompts
}

async function askForImage(
  job: StepJob,
  provider: AiProvider,
  { title, guidance }: Article,
  { prompt, alt_text, name }: Prompt & { name: string },
  asked: ProviderUsage[],
): Promise<Uint8Array> {
  await job.requested('generate_image', `Asked ${provider.imagesBy} for ${name}: ${prompt}`)
  const input = { prompt, alt_text, title }
  const options = { signal: job.signal, prompts: guidance.prompts }
  const { data, usage } = await askService(() => provider.generateImage(input, options))
  asked.push(usage)
  await job.responded('generate_image', `${usage.model} made ${name}, ${data.bytes.length} bytes`)
  return data.bytes
}

function done(
  job: StepJob,
  provider: AiProvider,
  { title }: Article,
  { made, originals, asked }: { made: MadeImage[]; originals: number; asked: ProviderUsage[] },
): StepDone {
  return {
    charge: IMAGE_PRICE * originals,
    usage: { ...summed(asked), provider: provider.imagesBy, images: originals },
    result: { originals, variants: made.length, provider: provider.imagesBy },
    message: `Made ${originals} ${originals === 1 ? 'image' : 'images'} for “${title}”`,
    write: (tx) => replaceImages(tx, job.step.object_id, provider.imagesBy, made),
  }
}

/** Usage is logged under the model that made the images, which was called last. */
function summed(asked: ProviderUsage[]) {
  const sum = (of: (usage: ProviderUsage) => number) =>
    asked.reduce((total, usage) => total + of(usage), 0)
  return {
    model: asked.at(-1)?.model ?? '',
    tokens_in: sum(({ tokens_in }) => tokens_in),
    tokens_out: sum(({ tokens_out }) => tokens_out),
  }
}

/** Replaces the task's images with `made`. A draft moves to review. */
async function replaceImages(
  tx: Tx,
  taskId: number,
  provider: AiProvider['imagesBy'],
  made: MadeImage[],
): Promise<void> {
  const task = await setIllustrated(tx, taskId)
  if (!task) throw new StepError('not_found', 'The task was deleted.')
  const { account_id, site_id, sector_id } = task
  const place = { account_id, site_id, sector_id, task_id: taskId, provider }
  const kept = await tx
    .insert(images)
    .values(made.map((image) => ({ ...place, ...image })))
    .onConflictDoUpdate({
      target: [images.account_id, images.task_id, images.image_type, images.position],
      set: {
        image_path: sql`excluded.image_path`,
        prompt: sql`excluded.prompt`,
        alt_text: sql`excluded.alt_text`,
        heading: sql`excluded.heading`,
        width: sql`excluded.width`,
        height: sql`excluded.height`,
        content_hash: sql`excluded.content_hash`,
        provider: sql`excluded.provider`,
        updated_at: sql`now()`,
      },
    })
    .returning({ id: images.id })
  const ids = kept.map(({ id }) => id)
  await tx
    .delete(images)
    .where(and(eq(images.task_id, taskId), sql`${images.id} <> all(${sql.param(ids)}::bigint[])`))
}
