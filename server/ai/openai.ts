import OpenAI from 'openai'
import { isModest } from '../../wp-bridge/client/http/parse-json.ts'
import type { EgressInit } from '../egress/egress.ts'
import { ask, type Chat } from './openai-chat.ts'
import type { Endpoint } from './openai-error.ts'
import { makeImage } from './openai-image.ts'
import { DEFAULT_LIMITS, type Limits, withRetries } from './openai-retry.ts'
import { promptTexts } from './prompts/prompt-texts.ts'
import {
  type AiProvider,
  type ClusterKeywords,
  type ClusterKeywordsInput,
  ClusterKeywordsOutput,
  ExtractImagePromptsOutput,
  GenerateContentOutput,
  type GenerateIdeas,
  GenerateIdeasOutput,
} from './provider.ts'

/** What one answer may hold: many times the longest article. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024
/** A picture of 25 MB in base64. */
const MAX_IMAGE_ANSWER_BYTES = 35 * 1024 * 1024
/** More keywords make longer answers than many models finish. */
const CLUSTER_BATCH_SIZE = 200

export type OpenAiOptions = {
  apiKey: string
  /** Any server that speaks OpenAI's API, with its /v1. */
  baseUrl: string
  model: string
  imageModel: string
  /** Such as 1536x1024; by default the widest that the model makes. */
  imageSize?: string
  /** The guarded client. */
  fetch: (url: string, init?: EgressInit) => Promise<Response>
  retry?: Partial<Limits>
}

/**
 * The provider for OpenAI and every server that speaks its chat completions with structured output.
 * All calls go through `fetch`; errors are `AiError`s and never hold the key.
 */
export function openaiProvider(options: OpenAiOptions): AiProvider {
  const limits = { ...DEFAULT_LIMITS, ...options.retry }
  const endpoint: Endpoint = options
  const client = clientOf(options, limits)
  const chat: Chat = { client, endpoint, limits }
  return {
    name: 'openai',
    imagesBy: 'openai',
    clusterBatchSize: CLUSTER_BATCH_SIZE,
    async clusterKeywords(input, { signal, prompts }) {
      const prompt = promptTexts(prompts).clustering(input)
      const question = { name: 'cluster_keywords', prompt, schema: ClusterKeywordsOutput }
      const { data, usage } = await ask(chat, question, signal)
      return { data: withIds(data, input), usage }
    },
    async generateIdeas(input, { signal, prompts }) {
      const { count } = input
      const { data, usage } = await ask(
        chat,
        {
          name: 'generate_ideas',
          prompt: promptTexts(prompts).ideas(input),
          schema: GenerateIdeasOutput,
          check: ({ ideas }) => [
            ...tooFew('ideas', ideas.length, count),
            ...repeated(ideas, input.existing_titles),
          ],
        },
        signal,
      )
      return { data: { ideas: data.ideas.slice(0, count) }, usage }
    },
    generateContent(input, { signal, prompts }) {
      const prompt = promptTexts(prompts).content(input)
      return ask(chat, { name: 'generate_content', prompt, schema: GenerateContentOutput }, signal)
    },
    async extractImagePrompts(input, { signal, prompts }) {
      const { data, usage } = await ask(
        chat,
        {
          name: 'extract_image_prompts',
          prompt: promptTexts(prompts).imagePrompts(input),
          schema: ExtractImagePromptsOutput,
          check: (answer) => tooFew('prompts', answer.prompts.length, input.count),
        },
        signal,
      )
      return { data: { prompts: data.prompts.slice(0, input.count) }, usage }
    },
    generateImage(input, { signal, prompts }) {
      const prompt = promptTexts(prompts).image(input)
      const { imageModel: model, imageSize: size, fetch } = options
      const maker = { client, limits, fetch, endpoint: { ...endpoint, model } }
      return makeImage(maker, { prompt, size }, signal)
    },
  }
}

/** The ids of the models that the server lists; asking is free. Throws an `AiError`. */
export function openAiModels(options: OpenAiOptions, signal: AbortSignal): Promise<string[]> {
  const limits = { ...DEFAULT_LIMITS, ...options.retry }
  const client = clientOf(options, limits)
  return withRetries(
    async (signal) => {
      const page = await client.models.list({ signal })
      return page.data.map(({ id }) => id)
    },
    { endpoint: options, limits, signal },
  )
}

/** The SDK neither retries nor logs nor takes an organisation from the environment. */
function clientOf({ apiKey, baseUrl, fetch }: OpenAiOptions, limits: Limits): OpenAI {
  return new OpenAI({
    apiKey,
    baseURL: baseUrl,
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    maxRetries: 0,
    timeout: limits.timeoutMs,
    logLevel: 'off',
    async fetch(input, init) {
      const url = input instanceof Request ? input.url : String(input)
      const maxBytes = url.includes('/images/') ? MAX_IMAGE_ANSWER_BYTES : MAX_ANSWER_BYTES
      const bounds = { timeoutMs: limits.timeoutMs, maxBytes }
      const headers = plainHeaders(init?.headers)
      return modest(await fetch(url, { ...init, headers, ...bounds }))
    },
  })
}

/** The answer, which the SDK parses whole; one with more values than any answer has is nothing of use. */
async function modest(response: Response): Promise<Response> {
  const text = await response.text()
  const { status, statusText, headers } = response
  return new Response(isModest(text) ? text : '{}', { status, statusText, headers })
}

/** Without what the SDK tells about this machine: the server may be anyone's. */
function plainHeaders(given: HeadersInit | undefined): Headers {
  const headers = new Headers(given)
  for (const name of [...headers.keys()]) {
    if (name.startsWith('x-stainless-')) headers.delete(name)
  }
  return headers
}

/** The keywords' own ids for the numbers that the prompt gave them, from 1. */
function withIds(
  { clusters }: ClusterKeywords,
  { keywords }: ClusterKeywordsInput,
): ClusterKeywords {
  const named = clusters.map((cluster) => ({
    ...cluster,
    keyword_ids: cluster.keyword_ids.flatMap((number) => keywords[number - 1]?.id ?? []),
  }))
  return { clusters: named.filter(({ keyword_ids }) => keyword_ids.length > 0) }
}

function tooFew(what: string, given: number, asked: number): string[] {
  return given < asked ? [`${asked} ${what} were asked for and ${given} came`] : []
}

function repeated(ideas: GenerateIdeas['ideas'], existingTitles: string[]): string[] {
  const taken = new Set(existingTitles.map(normalized))
  return ideas.flatMap(({ idea_title }) => {
    const isNew = !taken.has(normalized(idea_title))
    taken.add(normalized(idea_title))
    return isNew ? [] : [`there is an idea titled "${idea_title}" already`]
  })
}

function normalized(title: string): string {
  return title.trim().toLowerCase()
}
