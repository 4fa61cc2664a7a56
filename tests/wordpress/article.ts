import { createHash } from 'node:crypto'
import sharp from 'sharp'
import { marker } from '../../wp-bridge/client/publish/marker.ts'
import type { ImageFile } from '../../wp-bridge/client/publish/media.ts'
import type { PostDraft } from '../../wp-bridge/client/publish/post-draft.ts'

/** A small WebP that is another one for each name. */
export async function imageFile(name: string): Promise<ImageFile> {
  const [r, g, b] = createHash('sha256').update(name).digest()
  const background = { r: r!, g: g!, b: b! }
  const bytes = await sharp({ create: { width: 320, height: 180, channels: 3, background } })
    .webp()
    .toBuffer()
  return {
    content_hash: createHash('sha256').update(bytes).digest('hex'),
    read: async () => bytes,
    mime_type: 'image/webp',
    file_name: `${name}.webp`,
    title: `Title of ${name}`,
    alt_text: `A plain field of colour & light (${name})`,
    width: 320,
    height: 180,
  }
}

/** An article with two images, a category and two tags of its own. */
export async function article(key: string, changes: Partial<PostDraft> = {}): Promise<PostDraft> {
  const images = [await imageFile(`${key}-featured`), await imageFile(`${key}-inside`)]
  return {
    key,
    title: `How to brew & serve ${key}`,
    slug: `how-to-brew-${key}`,
    excerpt: `All about ${key}.`,
    status: 'publish',
    category: `Brewing ${key}`,
    tags: [`cold ${key}`, `hot ${key}`],
    images,
    featured: images[0]!.content_hash,
    renderContent: (attachments) =>
      [
        `<!-- wp:paragraph {"className":"${marker(key)}"} -->`,
        `<p class="${marker(key)}">An article about ${key} &amp; more.</p>`,
        '<!-- /wp:paragraph -->',
        ...attachments
          .slice(1)
          .flatMap(({ id, url }) => [
            `<!-- wp:image {"id":${id}} -->`,
            `<figure class="wp-block-image"><img src="${url}" alt="" class="wp-image-${id}"/></figure>`,
            '<!-- /wp:image -->',
          ]),
      ].join('\n'),
    ...changes,
  }
}
