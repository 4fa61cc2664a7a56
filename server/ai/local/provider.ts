import type { AiProvider, Usage } from '../provider.ts'
import { clusterKeywords } from './clustering/cluster-keywords.ts'
import { generateContent } from './drafts/generate-content.ts'
import { languageNotes, voiceNotes } from './drafts/voice.ts'
import { generateIdeas } from './generate-ideas.ts'
import { extractImagePrompts } from './images/image-prompts.ts'
import { drawTitleCard } from './images/title-card.ts'

const USAGE: Usage = { model: 'local', tokens_in: 0, tokens_out: 0 }

/**
 * The provider that needs neither key nor network: word vectors for clustering, prepared texts for
 * ideas and drafts, a drawn title card as the image. The same input gives the same answer. Calls
 * throw the signal's reason once it is aborted.
 */
export function localProvider(): AiProvider {
  return {
    name: 'local',
    imagesBy: 'local',
    clusterBatchSize: 1000,
    async clusterKeywords(input, { signal, prompts }) {
      const data = await clusterKeywords(input, signal)
      return { data, usage: { ...USAGE }, ...noted(unread(prompts?.clustering)) }
    },
    async generateIdeas(input, { signal, prompts }) {
      signal.throwIfAborted()
      const notes = [...languageNotes(input.author_profile), ...unread(prompts?.ideas)]
      return { data: generateIdeas(input), usage: { ...USAGE }, ...noted(notes) }
    },
    async generateContent(input, { signal, prompts }) {
      signal.throwIfAborted()
      const notes = [...voiceNotes(input.author_profile), ...unread(prompts?.content_generation)]
      return { data: generateContent(input), usage: { ...USAGE }, ...noted(notes) }
    },
    async extractImagePrompts(input, { signal, prompts }) {
      signal.throwIfAborted()
      const notes = unread(prompts?.image_prompt_extraction)
      return { data: extractImagePrompts(input), usage: { ...USAGE }, ...noted(notes) }
    },
    async generateImage({ prompt, title }, { signal }) {
      signal.throwIfAborted()
      const card = { title: prompt, seed: `${title}\n${prompt}` }
      const bytes = await drawTitleCard(prompt === title ? card : { ...card, label: title })
      return { data: { bytes }, usage: { ...USAGE } }
    },
  }
}

function unread(prompt: string | undefined): string[] {
  return prompt
    ? ['The local provider reads no prompts: the one that was edited changed nothing.']
    : []
}

const noted = (notes: string[]) => (notes.length > 0 ? { notes } : {})
