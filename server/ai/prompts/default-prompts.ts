import type { PromptType } from '../../../db/schema/guidance.ts'
import { CLUSTERING_PROMPT } from './clustering.ts'
import { CONTENT_GENERATION_PROMPT } from './content-generation.ts'
import { IDEAS_PROMPT } from './ideas.ts'
import { IMAGE_PROMPT_EXTRACTION_PROMPT } from './image-prompt-extraction.ts'
import { IMAGE_PROMPT_TEMPLATE } from './image-prompt-template.ts'
import { NEGATIVE_PROMPT } from './negative-prompt.ts'

export type Prompts = Record<PromptType, string>

/** What each `prompt_type` says until an account edits it. */
export const DEFAULT_PROMPTS: Prompts = {
  clustering: CLUSTERING_PROMPT,
  ideas: IDEAS_PROMPT,
  content_generation: CONTENT_GENERATION_PROMPT,
  image_prompt_extraction: IMAGE_PROMPT_EXTRACTION_PROMPT,
  image_prompt_template: IMAGE_PROMPT_TEMPLATE,
  negative_prompt: NEGATIVE_PROMPT,
}
