import { z } from 'zod'
import type { Section, SectionLogic } from '../../db/schema/guidance.ts'
import { CONTENT_STRUCTURES, CONTENT_TYPES } from '../../db/schema/planner.ts'
import type { Prompts } from './prompts/default-prompts.ts'

/** What a call cost its account at the provider, for the usage log. Tokens are 0 where there are none. */
export type Usage = {
  model: string
  tokens_in: number
  tokens_out: number
  /** What the provider says that it charged, in US dollars, where it says so. */
  cost_usd?: number
}

/**
 * Passed to every operation: `signal` ends the call when its run is cancelled or its worker drains;
 * `prompts` are the templates that the account or the sector's strategy edited.
 */
type CallOptions = { signal: AbortSignal; prompts?: Partial<Prompts> }

/** `notes` tell in sentences what of the input the provider could not do. */
export type AiResult<T> = { data: T; usage: Usage; notes?: string[] }

/** Who writes. An empty `language` is that of the title. */
export type AuthorProfile = { name: string; description: string; tone: string; language: string }

export const IMAGE_PROVIDERS = ['local', 'openai', 'runware'] as const
export type ImageProvider = (typeof IMAGE_PROVIDERS)[number]

export type ContentStructure = (typeof CONTENT_STRUCTURES)[number]

export type ClusterKeywordsInput = {
  /** One batch; longer lists go through `clusterInBatches`. */
  keywords: { id: number; keyword: string }[]
  /** Clusters that exist already: a keyword that fits one is put there, by exactly this name. */
  existing_clusters: { name: string; sample_keywords: string[] }[]
}
/** Every keyword id at most once; an id left out stays without a cluster. */
export const ClusterKeywordsOutput = z.object({
  clusters: z.array(
    z.object({
      name: z.string().min(1).max(120),
      description: z.string().max(1000),
      keyword_ids: z.array(z.int()),
    }),
  ),
})

export type GenerateIdeasInput = {
  cluster: { name: string; description: string }
  /** By search volume, largest first. */
  keywords: string[]
  /** How many ideas to make, 1 to 20. */
  count: number
  /** Titles that exist in this cluster; an idea must not repeat one. */
  existing_titles: string[]
  author_profile?: AuthorProfile
  section_logic?: SectionLogic
}
export const GenerateIdeasOutput = z.object({
  ideas: z.array(
    z.object({
      idea_title: z.string().min(1).max(200),
      description: z.string().max(4000),
      content_structure: z.enum(CONTENT_STRUCTURES),
      content_type: z.enum(CONTENT_TYPES),
      target_keywords: z.array(z.string()),
      estimated_word_count: z.int().min(100).max(10_000),
    }),
  ),
})

export type GenerateContentInput = {
  title: string
  /** The brief. */
  description: string
  keywords: string[]
  cluster: string | null
  content_structure: ContentStructure
  content_type: (typeof CONTENT_TYPES)[number]
  /** What to aim at. */
  word_count: number
  author_profile?: AuthorProfile
  /** The article's h2, in order; without them the writer finds its own. */
  sections?: Section[]
}
/** `html_content` is a body fragment of h2/h3, p, ul/ol, table, blockquote; it is untrusted. */
export const GenerateContentOutput = z.object({
  html_content: z.string().min(1),
  meta_title: z.string().min(1).max(60),
  meta_description: z.string().min(1).max(160),
  slug: z.string().min(1).max(200),
  excerpt: z.string().max(600),
})

export type ExtractImagePromptsInput = {
  title: string
  html_content: string
  /** How many prompts, 1 to 10: the first is the article's image, the others in its text. */
  count: number
}
export const ExtractImagePromptsOutput = z.object({
  prompts: z.array(
    z.object({
      prompt: z.string().min(1).max(2000),
      alt_text: z.string().min(1).max(250),
      /** The text of the h2 that the image stands under; null for the article's own image. */
      heading: z.string().nullable(),
    }),
  ),
})

export type GenerateImageInput = { prompt: string; alt_text: string; title: string }
/** PNG, JPEG or WebP as it came, not yet decoded; about 1536×1024 where the account chose no size. */
export type GeneratedImage = { bytes: Uint8Array }

export type ClusterKeywords = z.infer<typeof ClusterKeywordsOutput>
export type GenerateIdeas = z.infer<typeof GenerateIdeasOutput>
export type GenerateContent = z.infer<typeof GenerateContentOutput>
export type ExtractImagePrompts = z.infer<typeof ExtractImagePromptsOutput>

/**
 * The five operations every provider has. Each answer fits its schema above, or the call throws an
 * `AiError` whose `code` and `retryable` say what to do with it.
 */
export interface AiProvider {
  readonly name: 'local' | 'openai'
  /** Who makes the images: an account may have its texts and its images of two providers. */
  readonly imagesBy: ImageProvider
  /** How many keywords one `clusterKeywords` call takes. */
  readonly clusterBatchSize: number
  clusterKeywords(
    input: ClusterKeywordsInput,
    options: CallOptions,
  ): Promise<AiResult<ClusterKeywords>>
  generateIdeas(input: GenerateIdeasInput, options: CallOptions): Promise<AiResult<GenerateIdeas>>
  generateContent(
    input: GenerateContentInput,
    options: CallOptions,
  ): Promise<AiResult<GenerateContent>>
  extractImagePrompts(
    input: ExtractImagePromptsInput,
    options: CallOptions,
  ): Promise<AiResult<ExtractImagePrompts>>
  generateImage(input: GenerateImageInput, options: CallOptions): Promise<AiResult<GeneratedImage>>
}

/** `retryable`: the same call may succeed later (429, 5xx, time-out), so the job is retried. */
export class AiError extends Error {
  readonly code: string
  readonly retryable: boolean
  /** How long the provider asks to be left alone. */
  readonly retryAfterMs: number | undefined
  constructor(
    code: string,
    message: string,
    options: { retryable: boolean; retryAfterMs?: number; cause?: unknown },
  ) {
    super(message, { cause: options.cause })
    this.name = 'AiError'
    this.code = code
    this.retryable = options.retryable
    this.retryAfterMs = options.retryAfterMs
  }
}
