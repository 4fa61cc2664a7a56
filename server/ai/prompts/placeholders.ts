import type { PromptType } from '../../../db/schema/guidance.ts'

const AUTHOR_PROFILE =
  'Who writes. Take on this tone and this language, whatever is said of voice and language elsewhere'
const SECTIONS =
  'The sections that the article has as its h2, in this order and no others; guidance says what one is about, words how long it is'

/**
 * What a prompt is given, by placeholder. The words say what it is, and introduce it at the end of a
 * template that has no place for it.
 */
export const PLACEHOLDERS: Record<PromptType, Record<string, string>> = {
  clustering: {
    keywords: 'The keywords, each with its number',
    existing_clusters: 'Clusters that the site has already, with some of their keywords',
  },
  ideas: {
    cluster: 'The topic, its name and description',
    keywords: 'Its keywords, the most searched first',
    existing_titles: 'Titles that exist already, which no idea may repeat',
    count: 'How many ideas to propose',
    author_profile: AUTHOR_PROFILE,
    section_logic:
      'The sections that an article must have, by its content_structure, or as default says; the description names them and no others',
  },
  content_generation: {
    title: 'The title',
    description: 'The brief',
    keywords: 'The keywords, the main one first',
    cluster: 'The topic it belongs to',
    content_structure: 'Its place on the site',
    content_type: 'Its kind',
    word_count: 'How many words it should have, about',
    author_profile: AUTHOR_PROFILE,
    sections: SECTIONS,
  },
  image_prompt_extraction: {
    title: 'The title',
    html_content: 'The article',
    count: 'How many pictures to describe',
  },
  image_prompt_template: {
    prompt: 'What the picture shows',
    alt_text: 'Its description for someone who cannot see it',
    title: "The article's title",
    negative_prompt: 'What must not appear',
  },
  negative_prompt: {},
}

/** Without which an image would have nothing to do with its article: nothing is added to this one. */
export const REQUIRED_PLACEHOLDERS: Partial<Record<PromptType, string[]>> = {
  image_prompt_template: ['prompt'],
}
