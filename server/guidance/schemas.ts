import { z } from '@hono/zod-openapi'
import { createSelectSchema } from 'drizzle-zod'
import {
  ai_prompts,
  author_profiles,
  PROMPT_TYPES,
  type PromptType,
  strategies,
} from '../../db/schema/guidance.ts'
import { templateFault } from '../ai/prompts/check-template.ts'
import { CONTENT_STRUCTURES } from '../ai/provider.ts'
import { longText, objectId, text, times } from '../http/schemas.ts'

const MAX_TEMPLATE = 20_000
const MAX_SECTIONS = 20

export const promptType = z.enum(PROMPT_TYPES)

const template = longText(MAX_TEMPLATE)
  .refine((value) => value.trim() !== '', { message: 'must not be empty' })
  .openapi({
    description:
      'A template: `{name}` stands for data, `{{name}}` for the text "{name}", all other braces for ' +
      'themselves. `prompts/defaults/` lists the names that each type knows; an unknown one is a 400. ' +
      'Data that a template has no place for is added at its end.',
  })

export const Prompt = createSelectSchema(ai_prompts, times)
  .extend({
    prompt_value: z.string().openapi({ description: 'What is used while it is active.' }),
    default_prompt: z.string(),
  })
  .openapi('Prompt')
export const NewPrompt = z.strictObject({
  prompt_type: promptType,
  prompt_value: template.optional().openapi({ description: 'The default when left out.' }),
  is_active: z.boolean().optional(),
})
export const UpdatePrompt = z.strictObject({
  prompt_value: template.optional(),
  is_active: z.boolean().optional().openapi({ description: 'While false the default is used.' }),
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
      description: 'Tried out in place of what a run would use.',
    }),
    sector_id: objectId.optional().openapi({ description: 'For clustering.' }),
    cluster_id: objectId.optional().openapi({ description: 'For ideas.' }),
    task_id: objectId.optional().openapi({ description: 'For content and image prompts.' }),
    count: z
      .int()
      .min(1)
      .max(20)
      .optional()
      .openapi({ description: 'Ideas (5 by default) or image prompts (2, at most 10).' }),
  })
  .openapi('PromptDryRun')
export const PromptDryRunResult = z
  .object({
    prompt_type: promptType,
    source: z.enum(['request', 'strategy', 'account', 'default']).openapi({
      description: 'Whose template it is.',
    }),
    strategy_id: z.int().nullable(),
    author_profile_id: z.int().nullable(),
    rendered: z.string(),
  })
  .openapi('RenderedPrompt')

const Section = z
  .strictObject({
    heading: text(200).openapi({ description: 'Its h2.' }),
    guidance: text(2000, 0).optional().openapi({ description: 'What it is about.' }),
    words: z.int().min(20).max(5000).optional(),
  })
  .openapi('Section')
const sections = z.array(Section).max(MAX_SECTIONS)

const StructureTemplate = z
  .strictObject({ sections })
  .openapi({ description: 'The sections of an article, in order; none leaves them to the writer.' })

export const AuthorProfile = createSelectSchema(author_profiles, {
  ...times,
  structure_template: StructureTemplate,
}).openapi('AuthorProfile')
const authorFields = {
  description: text(2000, 0).optional(),
  tone: text(200, 0).optional().openapi({ description: 'Such as "friendly, a little dry".' }),
  language: text(50, 0).optional().openapi({
    description: 'Such as "German" or "de-AT"; empty for that of the title.',
  }),
  structure_template: StructureTemplate.optional(),
  is_default: z
    .boolean()
    .optional()
    .openapi({
      description:
        'Writes where neither the task nor its strategy names a profile. An account has one: another ' +
        'that was the default is it no more.',
    }),
  is_active: z.boolean().optional().openapi({ description: 'While false it is not used.' }),
}
export const NewAuthorProfile = z.strictObject({ name: text(200), ...authorFields })
export const UpdateAuthorProfile = z.strictObject({ name: text(200).optional(), ...authorFields })

const optional = <K extends string, S extends z.ZodType>(names: readonly K[], schema: S) =>
  Object.fromEntries(names.map((name) => [name, schema.optional()])) as Record<K, z.ZodOptional<S>>

const PromptTypes = z.strictObject(optional(PROMPT_TYPES, template)).openapi({
  description: "Templates that go before the account's, by prompt type. Replaced as a whole.",
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
      'The sections of an article by its content_structure; `default` for those that have no entry. ' +
      "They go before the author profile's structure_template. Replaced as a whole.",
  })

export const Strategy = createSelectSchema(strategies, {
  ...times,
  prompt_types: PromptTypes,
  section_logic: SectionLogic,
}).openapi('Strategy')
const strategyFields = {
  description: text(2000, 0).optional(),
  sector_id: objectId
    .nullable()
    .optional()
    .openapi({ description: 'Null for all sectors that have no active strategy of their own.' }),
  author_profile_id: objectId.nullable().optional(),
  prompt_types: promptTypes.optional(),
  section_logic: SectionLogic.optional(),
  is_active: z.boolean().optional().openapi({
    description: 'One a sector, and one without a sector, may be active.',
  }),
}
export const NewStrategy = z.strictObject({ name: text(200), ...strategyFields })
export const UpdateStrategy = z.strictObject({ name: text(200).optional(), ...strategyFields })
