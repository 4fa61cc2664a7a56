import { sql } from 'drizzle-orm'
import {
  check,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  unique,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import { at, id, ref, reference, timestamps } from './columns.ts'
import { sectors } from './sites.ts'

export const INTENTS = ['informational', 'navigational', 'commercial', 'transactional'] as const
export const KEYWORD_STATUSES = ['active', 'pending', 'archived'] as const
export const CLUSTER_STATUSES = ['active', 'archived'] as const
export const IDEA_STATUSES = ['new', 'scheduled', 'published'] as const
export const CONTENT_STRUCTURES = [
  'cluster_hub',
  'landing_page',
  'pillar_page',
  'supporting_page',
] as const
export const CONTENT_TYPES = ['blog_post', 'article', 'guide', 'tutorial'] as const

/** What every row of a site's sector starts with. */
export const siteSector = {
  account_id: ref().notNull(),
  id: id(),
  site_id: ref().notNull(),
  sector_id: ref().notNull(),
}

export const clusters = pgTable(
  'clusters',
  {
    ...siteSector,
    name: text().notNull(),
    description: text().notNull().default(''),
    status: text({ enum: CLUSTER_STATUSES }).notNull().default('active'),
    ...timestamps,
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.id] }),
    reference(
      [t.account_id, t.site_id, t.sector_id],
      [sectors.account_id, sectors.site_id, sectors.id],
    ).onDelete('cascade'),
    unique('clusters_sector_key').on(t.account_id, t.site_id, t.sector_id, t.id),
    uniqueIndex('clusters_name_key').on(
      t.account_id,
      t.site_id,
      t.sector_id,
      sql`lower(${t.name})`,
    ),
  ],
)

export const keywords = pgTable(
  'keywords',
  {
    ...siteSector,
    keyword: text().notNull(),
    /**
     * The keyword in lowercase, for comparisons. A column, because with row-level security an index on
     * `lower`, which is not leakproof, would not be used.
     */
    folded: text().generatedAlwaysAs(sql`lower(keyword)`),
    /** Searches per month. */
    volume: integer().notNull().default(0),
    /** 0 to 100. */
    difficulty: integer().notNull().default(0),
    intent: text({ enum: INTENTS }).notNull().default('informational'),
    cluster_id: ref(),
    status: text({ enum: KEYWORD_STATUSES }).notNull().default('pending'),
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
    check('keywords_volume_check', sql`volume >= 0`),
    check('keywords_difficulty_check', sql`difficulty between 0 and 100`),
    uniqueIndex('keywords_keyword_key').on(t.account_id, t.site_id, t.sector_id, t.folded),
    index('keywords_cluster').on(t.account_id, t.cluster_id, t.site_id, t.sector_id),
    index('keywords_created').on(t.account_id, t.created_at.desc(), t.id.desc()),
    index('keywords_volume').on(t.account_id, t.volume.desc(), t.id.desc()),
  ],
)

/** The rows of an upload until it has arrived and is merged: the last one of each keyword. */
export const staged_keywords = pgTable(
  'staged_keywords',
  {
    account_id: ref().notNull(),
    upload_id: uuid().notNull(),
    folded: text().notNull(),
    line: integer().notNull(),
    keyword: text().notNull(),
    volume: integer(),
    difficulty: integer(),
    intent: text(),
    created_at: at().notNull().defaultNow(),
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.upload_id, t.folded] }),
    index('staged_keywords_created').on(t.created_at),
  ],
)

export const content_ideas = pgTable(
  'content_ideas',
  {
    ...siteSector,
    idea_title: text().notNull(),
    description: text().notNull().default(''),
    content_structure: text({ enum: CONTENT_STRUCTURES }).notNull().default('supporting_page'),
    content_type: text({ enum: CONTENT_TYPES }).notNull().default('blog_post'),
    /** The original system's comma-separated list, kept in step with `keyword_objects`. */
    target_keywords: text().notNull().default(''),
    keyword_cluster_id: ref(),
    status: text({ enum: IDEA_STATUSES }).notNull().default('new'),
    estimated_word_count: integer().notNull().default(1200),
    ...timestamps,
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.id] }),
    reference(
      [t.account_id, t.site_id, t.sector_id],
      [sectors.account_id, sectors.site_id, sectors.id],
    ).onDelete('cascade'),
    reference(
      [t.account_id, t.site_id, t.sector_id, t.keyword_cluster_id],
      [clusters.account_id, clusters.site_id, clusters.sector_id, clusters.id],
    ).onDelete('set null'),
    index('content_ideas_sector').on(t.account_id, t.site_id, t.sector_id),
    index('content_ideas_cluster').on(t.account_id, t.keyword_cluster_id, t.site_id, t.sector_id),
    index('content_ideas_created').on(t.account_id, t.created_at.desc(), t.id.desc()),
  ],
)

export const idea_keywords = pgTable(
  'idea_keywords',
  {
    account_id: ref().notNull(),
    idea_id: ref().notNull(),
    keyword_id: ref().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.idea_id, t.keyword_id] }),
    reference([t.account_id, t.idea_id], [content_ideas.account_id, content_ideas.id]).onDelete(
      'cascade',
    ),
    reference([t.account_id, t.keyword_id], [keywords.account_id, keywords.id]).onDelete('cascade'),
    index('idea_keywords_keyword').on(t.account_id, t.keyword_id),
  ],
)
