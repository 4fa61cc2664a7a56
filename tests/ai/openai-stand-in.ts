import { afterEach, beforeEach, expect } from 'vitest'
import { type OpenAiOptions, openaiProvider } from '../../server/ai/openai.ts'
import { AiError, type GenerateContentInput } from '../../server/ai/provider.ts'
import { createEgress, type Egress } from '../../server/egress/egress.ts'
import { type OpenAiServer, startOpenAiServer } from '../helpers/openai-server.ts'

export const KEY = 'sk-proj-abcdefghijklmnop-1234'
export const never = { signal: new AbortController().signal }

export let server: OpenAiServer
let egress: Egress

/** A new server in the place of OpenAI's for each test of a file. */
export function withOpenAiServer(): void {
  beforeEach(async () => {
    server = await startOpenAiServer({ apiKey: KEY, models: ['gpt-4o-mini', 'gpt-image-1'] })
    egress = createEgress({ allowPrivate: [server.hostPort] })
  })
  afterEach(async () => {
    await server.stop()
    await egress.close()
  })
}

export function provider(changes: Partial<OpenAiOptions> = {}) {
  return openaiProvider({
    apiKey: KEY,
    baseUrl: server.url,
    model: 'gpt-4o-mini',
    imageModel: 'gpt-image-1',
    fetch: egress.fetch,
    retry: { backoffMs: 5 },
    ...changes,
  })
}

export const article: GenerateContentInput = {
  title: 'How to choose trail shoes',
  description: 'For beginners.',
  keywords: ['trail shoes', 'trail running'],
  cluster: 'Trail shoes',
  content_structure: 'supporting_page',
  content_type: 'guide',
  word_count: 1200,
}

/** What a call failed with, which shows the key nowhere. */
export async function failureOf(call: Promise<unknown>): Promise<AiError> {
  const error = await call.then(
    () => expect.unreachable('the call was answered'),
    (thrown) => thrown,
  )
  expect(error).toBeInstanceOf(AiError)
  const shown = JSON.stringify([error.message, error.stack, String(error.cause), { ...error }])
  expect(shown).not.toContain(KEY)
  return error
}

/** What the user message of a request said. */
export function promptOf(index = 0): string {
  const messages = server.requests[index]!.body.messages as { content: string }[]
  return messages[1]!.content
}
