import type { MediaStore } from '../../../server/media/media.ts'
import { articleTree } from '../../../wp-bridge/client/blocks/article-tree.ts'
import { faqOf } from '../../../wp-bridge/client/blocks/faq.ts'
import { insertLinks } from '../../../wp-bridge/client/blocks/insert-links.ts'
import { type PlacedImage, toBlocks } from '../../../wp-bridge/client/blocks/to-blocks.ts'
import type { Resolution } from '../../../wp-bridge/client/merge/edits.ts'
import { marker } from '../../../wp-bridge/client/publish/marker.ts'
import type { Attachment, ImageFile } from '../../../wp-bridge/client/publish/media.ts'
import type { PostDraft } from '../../../wp-bridge/client/publish/post-draft.ts'
import { StepError } from '../../steps/step.ts'
import type { Article } from './load-article.ts'
import type { LinkedArticle } from './publish-gate.ts'

type Task = Article['task']
type Image = Article['images'][number]

/** Builds the draft for WordPress: blocks with the in-article images in their places. */
export function postDraft(
  article: LinkedArticle,
  media: MediaStore,
  wanted: { status: PostDraft['status']; publish_at?: string },
): PostDraft {
  const { task, html_content, category, tags, images } = article
  const key = task.publication_key
  const tree = articleTree(html_content)
  const faq = faqOf(tree)
  insertLinks(tree, article.links)
  return {
    key,
    title: task.title,
    slug: task.slug,
    excerpt: task.excerpt,
    status: wanted.status,
    ...(wanted.publish_at ? { date_gmt: wanted.publish_at } : {}),
    category,
    tags,
    images: images.map((image) => imageFile(image, task, media)),
    featured: images.find(({ image_type }) => image_type === 'featured')?.content_hash ?? null,
    extras: {
      seo: {
        ...(task.meta_title && { title: task.meta_title }),
        ...(task.meta_description && { description: task.meta_description }),
      },
      schema: { article: true, faq },
    },
    renderContent: (attachments) =>
      toBlocks(tree, { marker: marker(key), images: placed(images, attachments) }),
  }
}

/**
 * A person’s decision on the task’s conflict, with content as safe blocks. A decision on another
 * conflict is ignored, because its texts cannot be assigned to fields.
 */
export function resolutionOf(
  task: Task,
  resolution: Resolution | undefined,
): Resolution | undefined {
  const { conflict } = task
  if (!resolution || conflict?.conflict_id !== resolution.conflict_id) return undefined
  const choices = resolution.choices.map((choice, at) => {
    const isContent = conflict.clashes[at]?.field === 'content'
    if (typeof choice === 'string' || !isContent || choice.text.trim() === '') return choice
    const tree = articleTree(choice.text)
    return { text: toBlocks(tree, { marker: marker(task.publication_key), images: [] }) }
  })
  return { ...resolution, choices }
}

function imageFile(image: Image, task: Article['task'], media: MediaStore): ImageFile {
  const { content_hash, image_path, image_type, position, alt_text, width, height } = image
  const number = position > 0 ? `-${position}` : ''
  return {
    content_hash,
    async read() {
      const bytes = await media.get(image_path)
      if (!bytes) {
        throw new StepError(
          'image_lost',
          `The file of image ${image.id} is missing. Generate the image again.`,
        )
      }
      return bytes
    },
    mime_type: 'image/webp',
    file_name: `${task.slug || 'article'}-${image_type.replace('_', '-')}${number}.webp`,
    title: task.title,
    alt_text,
    width,
    height,
  }
}

function placed(images: Image[], attachments: Attachment[]): PlacedImage[] {
  return images
    .filter(({ image_type }) => image_type === 'in_article')
    .flatMap((image) => {
      const attachment = attachments.find(({ content_hash }) => content_hash === image.content_hash)
      if (!attachment) return []
      const { id, url, width, height } = attachment
      return [
        { heading: image.heading, attachment_id: id, url, alt_text: image.alt_text, width, height },
      ]
    })
}
