import { sql } from 'drizzle-orm'
import type { Tx } from '../../../db/database.ts'
import type { PromptType, Section, SectionLogic } from '../../../db/schema/guidance.ts'
import type { Prompts } from '../prompts/default-prompts.ts'
import type { AuthorProfile, ContentStructure } from '../provider.ts'

/** How an account wants a sector's work done; `prompts` are those that were edited. */
export type Guidance = {
  prompts: Partial<Prompts>
  section_logic: SectionLogic | undefined
  author_profile: (AuthorProfile & { id: number }) | undefined
  strategy: { id: number; name: string; prompt_types: Partial<Prompts> } | undefined
}

type Row = {
  prompts: Partial<Record<PromptType, string>>
  strategy: (NonNullable<Guidance['strategy']> & { section_logic: SectionLogic }) | null
  profile: (AuthorProfile & { id: number; structure_template: { sections: Section[] } }) | null
}

/**
 * What holds for a sector, a cluster or a task, in one query: the account's active prompts, under
 * those of the sector's active strategy (else of the one without a sector), and the first active
 * author profile of the task's, the strategy's and the account's default.
 */
export async function readGuidance(
  tx: Tx,
  of: { sector: number } | { cluster: number } | { task: number },
): Promise<Guidance> {
  const [row] = await tx.execute<Row>(sql`
    with place as (${placeOf(of)}),
    strategy as (
      select s.id, s.name, s.author_profile_id, s.prompt_types, s.section_logic
      from strategies s join place on s.sector_id = place.sector_id or s.sector_id is null
      where s.is_active order by s.sector_id nulls last limit 1),
    profile as (
      select a.id, a.name, a.description, a.tone, a.language, a.structure_template
      from author_profiles a cross join place left join strategy on true
      where a.is_active
        and (a.is_default or a.id in (place.author_profile_id, strategy.author_profile_id))
      order by a.id is not distinct from place.author_profile_id desc,
        a.id is not distinct from strategy.author_profile_id desc limit 1)
    select (select coalesce(json_object_agg(prompt_type, prompt_value), '{}')
        from ai_prompts where is_active and prompt_value is not null) as prompts,
      (select to_json(strategy) from strategy) as strategy,
      (select to_json(profile) from profile) as profile`)
  return guidanceOf(row!)
}

/** The sections of an article of this structure. */
export function sectionsOf(
  { section_logic = {} }: Pick<Guidance, 'section_logic'>,
  structure: ContentStructure,
): Section[] | undefined {
  return section_logic[structure] ?? section_logic.default
}

function placeOf(of: Parameters<typeof readGuidance>[1]) {
  if ('task' in of) return sql`select sector_id, author_profile_id from tasks where id = ${of.task}`
  const sector =
    'cluster' in of ? sql`(select sector_id from clusters where id = ${of.cluster})` : of.sector
  return sql`select ${sector}::bigint as sector_id, null::bigint as author_profile_id`
}

function guidanceOf({ prompts, strategy, profile }: Row): Guidance {
  const template = profile?.structure_template.sections ?? []
  const section_logic = {
    ...(template.length > 0 && { default: template }),
    ...strategy?.section_logic,
  }
  return {
    prompts: { ...prompts, ...strategy?.prompt_types },
    section_logic: Object.keys(section_logic).length > 0 ? section_logic : undefined,
    author_profile: profile ? authorOf(profile) : undefined,
    strategy: strategy ?? undefined,
  }
}

function authorOf({ structure_template, ...author }: NonNullable<Row['profile']>) {
  return author
}
