import { z } from '@hono/zod-openapi'
import { createSelectSchema } from 'drizzle-zod'
import {
  ai_prompts,
  author_profiles,
  PROMPT_TYPES,
  type PromptType,
  strategies,
} from '../../db/schema/guidance.ts'
import { CONTENT_STRUCTURES } from '../../db/schema/planner.ts'
import { templateFault } from '../ai/prompts/check-template.ts'
import { longText, objectId, text, times } from '../http/schemas.ts'

const MAX_TEMPLATE = 20_000
const MAX_SECTIONS = 20

export const promptType = z.enum(PROMPT_TYPES)

const template = longText(MAX_TEMPLATE)
  .refine((value) => value.trim() !== '', { message: 'must not be empty' })
  .openapi({
    description:
      'A template: `{name}` is replaced by data, `{{name}}` gives the text "{name}", and other braces are ' +
      'kept. `prompts/defaults/` lists the placeholders of each type; an unknown one is a 400. Required data ' +
      'that the template does not mention is added at its end.',
  })

export const Prompt = createSelectSchema(ai_prompts, times)
  .extend({
    prompt_value: z
      .string()
      .openapi({ description: 'The text that is used while the prompt is active.' }),
    default_prompt: z.string(),
  })
  .openapi('Prompt')
export const NewPrompt = z.strictObject({
  prompt_type: promptType,
  prompt_value: template.optional().openapi({ description: 'The default prompt if omitted.' }),
  is_active: z.boolean().optional(),
})
export const UpdatePrompt = z.strictObject({
  prompt_value: template.optional(),
  is_active: z
    .boolean()
    .optional()
    .openapi({ description: 'If false, the default prompt is used.' }),
})

export const DefaultPrompts = z
  .object({
    prompts: z.array(
      z.object({
        prompt_type: promptType,
        default_prompt: z.string(),
        placeholders: z.array(
          z.object({ name: z.string(), description: z.string(), required: z.boolean() }),
        ),
      }),
    ),
  })
  .openapi('DefaultPrompts')

export const DryRun = z
  .strictObject({
    prompt_type: promptType,
    prompt_value: template.optional().openapi({
      description: 'A template to render instead of the one that a run would use.',
    }),
    sector_id: objectId.optional().openapi({ description: 'For clustering prompts.' }),
    cluster_id: objectId.optional().openapi({ description: 'For ideas prompts.' }),
    task_id: objectId.optional().openapi({ description: 'For content and image prompts.' }),
    count: z.int().min(1).max(20).optional().openapi({
      description:
        'The number of ideas (5 by default) or image prompts (2 by default, at most 10).',
    }),
  })
  .openapi('PromptDryRun')
export const PromptDryRunResult = z
  .object({
    prompt_type: promptType,
    source: z.enum(['request', 'strategy', 'account', 'default']).openapi({
      description: 'Where the template comes from.',
    }),
    strategy_id: z.int().nullable(),
    author_profile_id: z.int().nullable(),
    rendered: z.string(),
  })
  .openapi('RenderedPrompt')

const Section = z
  .strictObject({
    heading: text(200).openapi({ description: 'The heading (h2) of the section.' }),
    guidance: text(2000, 0).optional().openapi({ description: 'What the section should cover.' }),
    words: z.int().min(20).max(5000).optional(),
  })
  .openapi('Section')
const sections = z.array(Section).max(MAX_SECTIONS)

const StructureTemplate = z.strictObject({ sections }).openapi({
  description: 'The sections of an article, in order. If empty, the writer chooses them.',
})

export const AuthorProfile = createSelectSchema(author_profiles, {
  ...times,
  structure_template: StructureTemplate,
}).openapi('AuthorProfile')
const authorFields = {
  description: text(2000, 0).optional(),
  tone: text(200, 0).optional().openapi({ description: 'For example "friendly, a little dry".' }),
  language: text(50, 0).optional().openapi({
    description: 'For example "German" or "de-AT". If empty, the language of the title is used.',
  }),
  structure_template: StructureTemplate.optional(),
  is_default: z
    .boolean()
    .optional()
    .openapi({
      description:
        'Whether this profile is used for tasks whose own settings and strategy name no profile. An account ' +
        'has one default: setting this removes it from the previous default.',
    }),
  is_active: z.boolean().optional().openapi({ description: 'If false, the profile is not used.' }),
}
export const NewAuthorProfile = z.strictObject({ name: text(200), ...authorFields })
export const UpdateAuthorProfile = z.strictObject({ name: text(200).optional(), ...authorFields })

const optional = <K extends string, S extends z.ZodType>(names: readonly K[], schema: S) =>
  Object.fromEntries(names.map((name) => [name, schema.optional()])) as Record<K, z.ZodOptional<S>>

const PromptTypes = z.strictObject(optional(PROMPT_TYPES, template)).openapi({
  description:
    "Templates by prompt type. They take precedence over the account's. An update replaces the whole object.",
})
const promptTypes = PromptTypes.superRefine((templates, context) => {
  for (const [type, value] of Object.entries(templates)) {
    const message = value && templateFault(type as PromptType, value)
    if (message) context.addIssue({ code: 'custom', path: [type], message })
  }
})
const SectionLogic = z
  .strictObject(optional([...CONTENT_STRUCTURES, 'default'] as const, sections.min(1)))
  .openapi({
    description:
      'The sections of an article by its `content_structure`; `default` applies to structures without an ' +
      "entry. They take precedence over the author profile's `structure_template`. An update replaces the " +
      'whole object.',
  })

export const Strategy = createSelectSchema(strategies, {
  ...times,
  prompt_types: PromptTypes,
  section_logic: SectionLogic,
}).openapi('Strategy')
const strategyFields = {
  description: text(2000, 0).optional(),
  sector_id: objectId.nullable().optional().openapi({
    description:
      'Null: the strategy applies to all sectors without an active strategy of their own.',
  }),
  author_profile_id: objectId.nullable().optional(),
  prompt_types: promptTypes.optional(),
  section_logic: SectionLogic.optional(),
  is_active: z.boolean().optional().openapi({
    description: 'Only one strategy per sector, and one without a sector, can be active.',
  }),
}
export const NewStrategy = z.strictObject({ name: text(200), ...strategyFields })
export const UpdateStrategy = z.strictObject({ name: text(200).optional(), ...strategyFields })
