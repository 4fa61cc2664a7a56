import type {
  ClusterKeywordsInput,
  ExtractImagePromptsInput,
  GenerateContentInput,
  GenerateIdeasInput,
  GenerateImageInput,
} from '../provider.ts'
import { DEFAULT_PROMPTS, type Prompts } from './default-prompts.ts'
import { PLACEHOLDERS } from './placeholders.ts'
import {
  type PromptValues,
  placeholdersIn,
  renderImagePrompt,
  renderPrompt,
} from './render-prompt.ts'

type ChatPrompt = 'clustering' | 'ideas' | 'content_generation' | 'image_prompt_extraction'

/** What a model is asked in words, by operation: the edited templates, else the defaults, filled. */
export function promptTexts(edited: Partial<Prompts> = {}) {
  const prompts = { ...DEFAULT_PROMPTS, ...edited }
  const chat = (type: ChatPrompt, values: PromptValues) =>
    renderPrompt(prompts[type], PLACEHOLDERS[type], values)
  return {
    /** Numbers the keywords from 1: short numbers cost less and are copied more faithfully. */
    clustering: ({ keywords, existing_clusters }: ClusterKeywordsInput) =>
      chat('clustering', {
        keywords: keywords.map(({ keyword }, index) => [index + 1, keyword]),
        existing_clusters,
      }),
    ideas: (input: GenerateIdeasInput) => chat('ideas', input),
    content: (input: GenerateContentInput) => chat('content_generation', input),
    imagePrompts: (input: ExtractImagePromptsInput) => chat('image_prompt_extraction', input),
    image: (input: GenerateImageInput) =>
      renderImagePrompt(prompts.image_prompt_template, {
        ...input,
        negative_prompt: prompts.negative_prompt,
      }),
    /** For models that take apart what must not appear: `negative`, and the template without it. */
    imageWithout(input: GenerateImageInput) {
      const lines = prompts.image_prompt_template.split('\n')
      const template = lines
        .filter((line) => !placeholdersIn(line).includes('negative_prompt'))
        .join('\n')
      // Where one line says it all, it stays: there is nothing to draw without it.
      return placeholdersIn(template).includes('prompt')
        ? renderImagePrompt(template, input)
        : this.image(input)
    },
    negative: prompts.negative_prompt,
  }
}
