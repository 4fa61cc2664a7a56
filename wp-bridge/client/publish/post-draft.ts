import type { PostExtras } from '../connect/bridge.ts'
import type { Attachment, ImageFile } from './media.ts'

/** An article to publish. */
export interface PostDraft {
  /** Identifies the post in the intent log, and in WordPress as `marker(key)`. */
  key: string
  /** Plain text, as are the excerpt, the category and the tags. */
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
  /** What only the plugin can write. Without it the receipt lists these fields as dropped. */
  extras?: PostExtras
  /** The article as blocks with its images. Its first block has the class `marker(key)`. */
  renderContent(attachments: Attachment[]): string
}
