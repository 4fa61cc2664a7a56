import type { images } from '../../../db/schema/writer.ts'
import type { ExtractImagePrompts } from '../../../server/ai/provider.ts'
import type { MediaStore } from '../../../server/media/media.ts'
import { MediaError } from '../../../server/media/media-error.ts'
import { makeVariants } from '../../../server/media/variants.ts'
import { StepError } from '../../steps/step.ts'

type Row = typeof images.$inferInsert
/** A variant whose file is stored, as in its row. */
export type MadeImage = Pick<
  Row,
  | 'image_type'
  | 'position'
  | 'image_path'
  | 'prompt'
  | 'alt_text'
  | 'heading'
  | 'width'
  | 'height'
  | 'content_hash'
>

/** Makes the variants of an original and stores their files. Throws a `StepError` if it is not an image. */
export async function storeVariants(
  media: MediaStore,
  original: Uint8Array,
  { prompt, position }: { prompt: ExtractImagePrompts['prompts'][number]; position: number },
): Promise<MadeImage[]> {
  const variants = await cut(original, position)
  return Promise.all(
    variants.map(async ({ variant, bytes, width, height, hash }) => ({
      ...prompt,
      position,
      image_type: variant,
      image_path: (await media.put(bytes, 'webp')).path,
      width,
      height,
      content_hash: hash,
    })),
  )
}

async function cut(original: Uint8Array, position: number) {
  try {
    return await makeVariants(original, position === 0 ? 'article' : 'in_article')
  } catch (error) {
    if (!(error instanceof MediaError)) throw error
    throw new StepError(error.code, error.message, { cause: error })
  }
}
