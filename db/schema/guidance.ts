import { sql } from 'drizzle-orm'
import {
  boolean,
  index,
  jsonb,
  pgTable,
  primaryKey,
  text,
  unique,
  uniqueIndex,
} from 'drizzle-orm/pg-core'
import { accounts } from './accounts.ts'
import { id, ref, reference, timestamps } from './columns.ts'
import type { CONTENT_STRUCTURES } from './planner.ts'
import { sectors } from './sites.ts'

export const PROMPT_TYPES = [
  'clustering',
  'ideas',
  'content_generation',
  'image_prompt_extraction',
  'image_prompt_template',
  'negative_prompt',
] as const
export type PromptType = (typeof PROMPT_TYPES)[number]

/** Prompts saved by an account; the others use the defaults in code. */
export const ai_prompts = pgTable(
  'ai_prompts',
  {
    account_id: ref().notNull(),
    id: id(),
    prompt_type: text({ enum: PROMPT_TYPES }).notNull(),
    /** Null uses the default in code. */
    prompt_value: text(),
    is_active: boolean().notNull().default(true),
    ...timestamps,
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.id] }),
    reference([t.account_id], [accounts.id]),
    unique('ai_prompts_type_key').on(t.account_id, t.prompt_type),
  ],
)

/** A section of an article: its h2, what it covers, and its approximate length in words. */
export type Section = { heading: string; guidance?: string; words?: number }

export type StructureTemplate = { sections: Section[] }

/** The sections of an article by its structure; `default` for structures that have no entry. */
export type SectionLogic = Partial<
  Record<(typeof CONTENT_STRUCTURES)[number] | 'default', Section[]>
>

export const author_profiles = pgTable(
  'author_profiles',
  {
    account_id: ref().notNull(),
    id: id(),
    name: text().notNull(),
    description: text().notNull().default(''),
    tone: text().notNull().default(''),
    /** Empty: the language of the title. */
    language: text().notNull().default(''),
    structure_template: jsonb().$type<StructureTemplate>().notNull().default({ sections: [] }),
    /** Used when neither the task nor the strategy names a profile. */
    is_default: boolean().notNull().default(false),
    is_active: boolean().notNull().default(true),
    ...timestamps,
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.id] }),
    reference([t.account_id], [accounts.id]),
    uniqueIndex('author_profiles_default').on(t.account_id).where(sql`is_default`),
  ],
)

/** How the articles of a sector are planned and written. Without a sector: the default of the account. */
export const strategies = pgTable(
  'strategies',
  {
    account_id: ref().notNull(),
    id: id(),
    name: text().notNull(),
    description: text().notNull().default(''),
    sector_id: ref(),
    author_profile_id: ref(),
    /** Prompt templates by type; they override the account's. */
    prompt_types: jsonb().$type<Partial<Record<PromptType, string>>>().notNull().default({}),
    section_logic: jsonb().$type<SectionLogic>().notNull().default({}),
    is_active: boolean().notNull().default(true),
    ...timestamps,
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.id] }),
    reference([t.account_id], [accounts.id]),
    reference([t.account_id, t.sector_id], [sectors.account_id, sectors.id]).onDelete('cascade'),
    reference(
      [t.account_id, t.author_profile_id],
      [author_profiles.account_id, author_profiles.id],
    ).onDelete('set null'),
    index('strategies_sector').on(t.account_id, t.sector_id),
    index('strategies_author_profile').on(t.account_id, t.author_profile_id),
    uniqueIndex('strategies_one_active')
      .on(t.account_id, sql`coalesce(${t.sector_id}, 0)`)
      .where(sql`is_active`),
  ],
)
