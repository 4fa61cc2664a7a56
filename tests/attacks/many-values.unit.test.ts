import { afterEach, describe, expect, it, vi } from 'vitest'
import { openaiProvider } from '../../server/ai/openai.ts'
import { parseJson } from '../../wp-bridge/client/http/parse-json.ts'
import { article, never } from '../ai/openai-stand-in.ts'

const MANY = `[${'{},'.repeat(400_000)}{}]`

afterEach(() => vi.restoreAllMocks())

describe('an answer of more values than any answer has', () => {
  it('is refused before it is parsed', () => {
    const parse = vi.spyOn(JSON, 'parse')
    expect(parseJson(MANY)).toBeUndefined()
    expect(parseJson('[1,'.repeat(101) + ']'.repeat(101))).toBeUndefined()
    expect(parse).not.toHaveBeenCalled()
  })

  it('is refused before the OpenAI SDK parses it', async () => {
    const parse = vi.spyOn(JSON, 'parse')
    const provider = openaiProvider({
      apiKey: 'key',
      baseUrl: 'https://ai.test/v1',
      model: 'm',
      imageModel: 'i',
      fetch: async () => answered(`{"choices":${MANY}}`),
    })
    const error = await provider.generateContent(article, never).catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'ai_bad_answer', retryable: false })
    expect(parse.mock.calls.filter(([text]) => String(text).length > 1_000)).toEqual([])
  })

  it('is told from text that only looks like one', () => {
    const text = `\\",[{`.repeat(400_000)
    expect(parseJson(JSON.stringify({ text, end: '\\' }))).toEqual({ text, end: '\\' })
  })
})

const answered = (json: string) =>
  new Response(json, { headers: { 'content-type': 'application/json' } })
