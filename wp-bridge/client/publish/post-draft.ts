import type { PostExtras } from '../connect/bridge.ts'
import type { Attachment, ImageFile } from './media.ts'

/** An article to be published. */
export interface PostDraft {
  /** Names the post in the intent log, and with `marker(key)` in WordPress. */
  key: string
  /** Text, as are the excerpt, the category and the tags. */
  title: string
  slug: string
  excerpt: string
  status: 'publish' | 'draft' | 'pending' | 'future'
  /** For `future`: an ISO 8601 time in UTC. */
  date_gmt?: string
  category: string | null
  tags: string[]
  images: ImageFile[]
  /** The `content_hash` of one of the images. */
  featured: string | null
  /** What the plugin can do beside; without it the receipt names it as dropped. */
  extras?: PostExtras
  /** The article with its images in place, its first block bearing `marker(key)`. */
  renderContent(attachments: Attachment[]): string
}
