import { eachInTurn, isFinalRefusal } from './create-once.ts'
import { type Attachment, ensureAttachment } from './media.ts'
import type { PostDraft } from './post-draft.ts'
import type { Context, PublishNotes } from './send-post.ts'
import { ensureTerms, type Taxonomy } from './terms.ts'

/** The ids in WordPress of what a post refers to. */
export interface Parts {
  attachments: Attachment[]
  categories?: number[]
  tags?: number[]
}

/**
 * Ensures that WordPress has the images and terms of the article. What WordPress refuses is left
 * out with a warning. One that must be retried does not delay the others.
 * @throws WordPressError as `ensureAttachment` and `ensureTerms` do
 */
export async function ensureParts(
  context: Context,
  draft: PostDraft,
  remarks: PublishNotes,
): Promise<Parts> {
  const parts: Parts = { attachments: [] }
  const ensureImagesOf = async () => {
    parts.attachments = await ensureImages(context, draft, remarks)
  }
  const ensureTermsOf = (taxonomy: Taxonomy, names: string[]) => async () => {
    parts[taxonomy] = await termIds(context, taxonomy, names, remarks)
  }
  const category = draft.category ? [draft.category] : []
  const steps = [
    ensureImagesOf,
    ensureTermsOf('categories', category),
    ensureTermsOf('tags', draft.tags),
  ]
  await eachInTurn(steps, (ensure) => ensure())
  return parts
}

async function ensureImages(context: Context, draft: PostDraft, remarks: PublishNotes) {
  const attachments: Attachment[] = []
  const images = new Map(draft.images.map((image) => [image.content_hash, image]))
  await eachInTurn([...images.values()], async (image) => {
    try {
      const { attachment, duplicates, warnings } = await ensureAttachment(context, image)
      attachments.push(attachment)
      remarks.warnings.push(...warnings)
      warnOfDuplicates(remarks, `image ${attachment.id}`, duplicates)
    } catch (error) {
      if (!isFinalRefusal(error, context)) throw error
      const note = `igny8 left out the image ${image.file_name}: ${error.message} ${error.remedy}`
      remarks.warnings.push(note)
      if (image.content_hash === draft.featured) remarks.notes.featured_media = note
    }
  })
  return attachments
}

async function termIds(
  context: Context,
  taxonomy: Taxonomy,
  names: string[],
  remarks: PublishNotes,
): Promise<number[] | undefined> {
  const { ids, dropped } = await ensureTerms(context, taxonomy, names)
  if (dropped.length > 0) {
    const missing = dropped.map(({ name, reason }) => `${name} (${reason})`).join('; ')
    remarks.notes[taxonomy] = `WordPress did not create these, so igny8 left them out: ${missing}`
  }
  return ids.length > 0 ? ids : undefined
}

export function warnOfDuplicates(remarks: PublishNotes, kept: string, duplicates: number[]): void {
  if (duplicates.length === 0) return
  remarks.warnings.push(
    `WordPress has copies of the ${kept} that igny8 did not create: ${duplicates.join(', ')}.`,
  )
}
