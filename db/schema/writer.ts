import { sql } from 'drizzle-orm'
import {
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  unique,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import { at, id, ref, reference, timestamps } from './columns.ts'
import { author_profiles } from './guidance.ts'
import {
  CONTENT_STRUCTURES,
  CONTENT_TYPES,
  clusters,
  content_ideas,
  keywords,
  siteSector,
} from './planner.ts'
import { sectors, sites } from './sites.ts'

export const TASK_STATUSES = [
  'queued',
  'in_progress',
  'draft',
  'review',
  'published',
  'completed',
] as const
export type TaskStatus = (typeof TASK_STATUSES)[number]
export const IMAGE_TYPES = ['featured', 'desktop', 'mobile', 'in_article'] as const
export type ImageType = (typeof IMAGE_TYPES)[number]
export const WP_STATUSES = ['publish', 'draft', 'pending', 'future', 'private', 'trash'] as const

/** Why a step of a task failed last; cleared when one succeeds. */
export type TaskError = { code: string; message: string; at: string }

/** The conflict, and the publication that was requested: see `wp-bridge/client/merge/edits.ts`. */
export type TaskConflict = {
  conflict_id: string
  clashes: {
    field: 'title' | 'excerpt' | 'content'
    base: string | null
    ours: string
    theirs: string
  }[]
  wanted: { status: 'publish' | 'draft' | 'pending' | 'future'; publish_at?: string | undefined }
}

export const tasks = pgTable(
  'tasks',
  {
    ...siteSector,
    title: text().notNull(),
    description: text().notNull().default(''),
    /** The original system's comma-separated list, kept in step with `keyword_objects`. */
    keywords: text().notNull().default(''),
    cluster_id: ref(),
    idea_id: ref(),
    /** Who writes it; without one, the profile of the strategy or the account's default. */
    author_profile_id: ref(),
    content_structure: text({ enum: CONTENT_STRUCTURES }).notNull().default('supporting_page'),
    content_type: text({ enum: CONTENT_TYPES }).notNull().default('blog_post'),
    status: text({ enum: TASK_STATUSES }).notNull().default('queued'),
    word_count: integer().notNull().default(0),
    meta_title: text().notNull().default(''),
    meta_description: text().notNull().default(''),
    slug: text().notNull().default(''),
    excerpt: text().notNull().default(''),
    /** Identifies the task's post in any WordPress. */
    publication_key: uuid().notNull().defaultRandom(),
    assigned_post_id: ref(),
    post_url: text(),
    /** The title that is public in WordPress, for internal links to this page. */
    public_title: text(),
    /** The clashes of its last update with a person's edits in WordPress. */
    conflict: jsonb().$type<TaskConflict>(),
    /** When the current version of the article was approved. A change withdraws the approval. */
    approved_at: at(),
    /** Who approved it: an email address, or a user of the site's WordPress. */
    approved_by: text(),
    /** WordPress's own status of the post. */
    wp_status: text(),
    published_at: at(),
    /** When WordPress last reported the post's state, by its own clock; older reports are ignored. */
    wp_told_at: at(),
    /** When a person last edited the post in WordPress, as reported by the plugin. */
    wp_edited_at: at(),
    /** The time of the next check until the post was found live; null if none is needed. */
    verify_at: at(),
    /** The number of checks since it was published. */
    verifications: integer().notNull().default(0),
    error: jsonb().$type<TaskError>(),
    ...timestamps,
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.id] }),
    reference(
      [t.account_id, t.site_id, t.sector_id],
      [sectors.account_id, sectors.site_id, sectors.id],
    ).onDelete('cascade'),
    reference(
      [t.account_id, t.site_id, t.sector_id, t.cluster_id],
      [clusters.account_id, clusters.site_id, clusters.sector_id, clusters.id],
    ).onDelete('set null'),
    reference([t.account_id, t.idea_id], [content_ideas.account_id, content_ideas.id]).onDelete(
      'set null',
    ),
    reference(
      [t.account_id, t.author_profile_id],
      [author_profiles.account_id, author_profiles.id],
    ).onDelete('set null'),
    index('tasks_sector').on(t.account_id, t.site_id, t.sector_id),
    index('tasks_cluster').on(t.account_id, t.cluster_id, t.site_id, t.sector_id),
    index('tasks_author_profile').on(t.account_id, t.author_profile_id),
    index('tasks_verify').on(t.verify_at).where(sql`verify_at is not null`),
    uniqueIndex('tasks_idea_key').on(t.account_id, t.idea_id),
    index('tasks_created').on(t.account_id, t.created_at.desc(), t.id.desc()),
  ],
)

export const task_keywords = pgTable(
  'task_keywords',
  {
    account_id: ref().notNull(),
    task_id: ref().notNull(),
    keyword_id: ref().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.task_id, t.keyword_id] }),
    reference([t.account_id, t.task_id], [tasks.account_id, tasks.id]).onDelete('cascade'),
    reference([t.account_id, t.keyword_id], [keywords.account_id, keywords.id]).onDelete('cascade'),
    index('task_keywords_keyword').on(t.account_id, t.keyword_id),
  ],
)

/** A link from one page of a cluster to another. */
export const internal_links = pgTable(
  'internal_links',
  {
    ...siteSector,
    from_task_id: ref().notNull(),
    to_task_id: ref().notNull(),
    /** The URL that the published page links to; null if there is no link. */
    url: text(),
    /** The URL to link to at the next update; empty to remove the link, null to keep it. */
    accepted_url: text(),
    /** The URL of the dismissed change; empty if removing the link was dismissed. */
    dismissed_url: text(),
    ...timestamps,
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.id] }),
    reference(
      [t.account_id, t.site_id, t.sector_id],
      [sectors.account_id, sectors.site_id, sectors.id],
    ).onDelete('cascade'),
    reference([t.account_id, t.from_task_id], [tasks.account_id, tasks.id]).onDelete('cascade'),
    reference([t.account_id, t.to_task_id], [tasks.account_id, tasks.id]).onDelete('cascade'),
    unique('internal_links_pair').on(t.account_id, t.from_task_id, t.to_task_id),
    index('internal_links_to').on(t.account_id, t.to_task_id),
    index('internal_links_sector').on(t.account_id, t.site_id, t.sector_id),
  ],
)

export const content = pgTable(
  'content',
  {
    ...siteSector,
    task_id: ref().notNull(),
    html_content: text().notNull().default(''),
    word_count: integer().notNull().default(0),
    /** `provider`, `model`, and what else generation recorded. */
    metadata: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    ...timestamps,
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.id] }),
    reference(
      [t.account_id, t.site_id, t.sector_id],
      [sectors.account_id, sectors.site_id, sectors.id],
    ).onDelete('cascade'),
    reference([t.account_id, t.task_id], [tasks.account_id, tasks.id]).onDelete('cascade'),
    unique('content_task_key').on(t.account_id, t.task_id),
    index('content_sector').on(t.account_id, t.site_id, t.sector_id),
  ],
)

export const images = pgTable(
  'images',
  {
    ...siteSector,
    task_id: ref().notNull(),
    image_type: text({ enum: IMAGE_TYPES }).notNull(),
    /** Below the media folder; `image_url` is this under the service's own address. */
    image_path: text().notNull(),
    prompt: text().notNull(),
    alt_text: text().notNull().default(''),
    /** The h2 that an in-article image stands under. */
    heading: text(),
    status: text({ enum: ['generated'] })
      .notNull()
      .default('generated'),
    position: integer().notNull().default(0),
    width: integer().notNull(),
    height: integer().notNull(),
    /** SHA-256 of the file, hexadecimal. */
    content_hash: text().notNull(),
    provider: text().notNull(),
    ...timestamps,
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.id] }),
    reference(
      [t.account_id, t.site_id, t.sector_id],
      [sectors.account_id, sectors.site_id, sectors.id],
    ).onDelete('cascade'),
    reference([t.account_id, t.task_id], [tasks.account_id, tasks.id]).onDelete('cascade'),
    index('images_sector').on(t.account_id, t.site_id, t.sector_id),
    unique('images_variant_key').on(t.account_id, t.task_id, t.image_type, t.position),
    // Of several accounts: the same content is kept once.
    index('images_path').on(t.image_path),
    index('images_created').on(t.account_id, t.created_at.desc(), t.id.desc()),
  ],
)

/**
 * The intent log of objects in WordPress: the intent is written before the request that creates an object,
 * its id after, so that anything in between can be reconciled.
 */
export const wordpress_objects = pgTable(
  'wordpress_objects',
  {
    account_id: ref().notNull(),
    id: id(),
    site_id: ref().notNull(),
    /** The site's REST root. A site that is linked to another WordPress starts from scratch. */
    wp_rest_root: text().notNull(),
    kind: text({ enum: ['post', 'attachment', 'category', 'tag'] }).notNull(),
    /** The task's `publication_key` for a post; the file's hash for an attachment; a term's name, folded. */
    key: text().notNull(),
    intent_at: at(),
    remote_id: ref(),
    state: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    ...timestamps,
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.id] }),
    reference([t.account_id, t.site_id], [sites.account_id, sites.id]).onDelete('cascade'),
    unique('wordpress_objects_key').on(t.account_id, t.site_id, t.wp_rest_root, t.kind, t.key),
  ],
)
