import { describe, expect, test } from 'vitest'
import { createEgress } from '../../server/egress/egress.ts'
import { type Scripted, startOpenAiServer } from '../helpers/openai-server.ts'
import {
  article,
  failureOf,
  KEY,
  never,
  provider,
  server,
  withOpenAiServer,
} from './openai-stand-in.ts'

withOpenAiServer()

describe('a server that is busy or away', () => {
  test('is asked again after a growing wait, three times at most', async () => {
    server.script(...Array<Scripted>(4).fill({ do: 'status', status: 503 }))
    const error = await failureOf(provider().generateContent(article, never))
    expect(error).toMatchObject({ code: 'ai_unavailable', retryable: true })
    expect(server.requests).toHaveLength(4)
  })

  test.each([429, 500, 502, 503, 529])(
    'with %i is asked again and then answers',
    async (status) => {
      server.script({ do: 'status', status }, { do: 'drop' })
      await provider().generateContent(article, never)
      expect(server.requests).toHaveLength(3)
    },
  )

  test('is left alone for as many seconds as it asks', async () => {
    server.script({ do: 'status', status: 429, headers: { 'retry-after': '1' } })
    await provider().generateContent(article, never)
    expect(server.requests[1]!.at - server.requests[0]!.at).toBeGreaterThanOrEqual(995)
  })

  test('is left alone until the date it names', async () => {
    // An HTTP date has whole seconds.
    const date = new Date(Math.ceil(Date.now() / 1000) * 1000 + 1000)
    server.script({ do: 'status', status: 503, headers: { 'retry-after': date.toUTCString() } })
    await provider().generateContent(article, never)
    expect(server.requests).toHaveLength(2)
    expect(Date.now()).toBeGreaterThanOrEqual(date.getTime() - 5)
  })

  test('ends the call at once when it asks for more time than the call has', async () => {
    server.script({ do: 'status', status: 429, headers: { 'retry-after': '3600' } })
    const error = await failureOf(provider().generateContent(article, never))
    expect(error).toMatchObject({ code: 'ai_rate_limited', retryable: true })
    expect(server.requests).toHaveLength(1)
  })

  test('ends the call at its time limit when it never answers', async () => {
    server.script({ do: 'hang' })
    const slow = provider({ retry: { timeoutMs: 200 } })
    const error = await failureOf(slow.generateContent(article, never))
    expect(error).toMatchObject({ code: 'ai_timeout', retryable: true })
    expect(server.requests).toHaveLength(1)
  })
})

describe('a call that cannot succeed', () => {
  test('with a wrong key says so without showing it', async () => {
    const wrong = provider({ apiKey: `${KEY}x` })
    const error = await failureOf(wrong.generateContent(article, never))
    expect(error).toMatchObject({ code: 'ai_key_refused', retryable: false })
    expect(server.requests).toHaveLength(1)
  })

  test('with a key that no header can carry says so without showing it', async () => {
    for (const apiKey of [`${KEY}\nx`, `${KEY}…`]) {
      const error = await failureOf(provider({ apiKey }).generateContent(article, never))
      expect(error).toMatchObject({ code: 'ai_key_refused', retryable: false })
    }
  })

  test('for a model that is not there names it', async () => {
    const error = await failureOf(provider({ model: 'gpt-9' }).generateContent(article, never))
    expect(error).toMatchObject({ code: 'ai_model_not_found', retryable: false })
    expect(error.message).toContain('gpt-9')
  })

  test('at a base_url without its /v1 says what to check', async () => {
    const baseUrl = server.url.replace('/v1', '')
    const error = await failureOf(provider({ baseUrl }).generateContent(article, never))
    expect(error).toMatchObject({ code: 'ai_bad_address', retryable: false })
    expect(error.message).toContain('/v1')
  })

  test.each(['insufficient_quota', 'billing_hard_limit_reached'])(
    'for want of money (%s) is not repeated',
    async (code) => {
      const error = { message: 'You exceeded your current quota', type: code, code }
      server.script({ do: 'status', status: 429, error })
      const failure = await failureOf(provider().generateContent(article, never))
      expect(failure).toMatchObject({ code: 'ai_quota_exceeded', retryable: false })
      expect(server.requests).toHaveLength(1)
    },
  )

  test('because the server does not take the request says why, without a key it quotes', async () => {
    const message = `Bad thing with ${KEY} and sk-live-123456`
    server.script({ do: 'status', status: 400, error: { message } })
    const error = await failureOf(provider().generateContent(article, never))
    expect(error).toMatchObject({ code: 'ai_bad_request', retryable: false })
    expect(error.message).toContain('Bad thing with … and …')
  })

  test('at a private address that is not allowed is not made', async () => {
    const closed = createEgress({ allowPrivate: [] })
    const error = await failureOf(provider({ fetch: closed.fetch }).generateContent(article, never))
    expect(error).toMatchObject({ code: 'ai_address_not_allowed', retryable: false })
    expect(server.requests).toHaveLength(0)
  })

  test('because of a redirect does not take the key elsewhere', async () => {
    const other = await startOpenAiServer()
    const reach = createEgress({ allowPrivate: [server.hostPort, other.hostPort] })
    try {
      server.script({ do: 'redirect', location: `${other.url}/chat/completions` })
      const error = await failureOf(
        provider({ fetch: reach.fetch }).generateContent(article, never),
      )
      expect(error).toMatchObject({ code: 'ai_bad_address', retryable: false })
      expect(other.requests).toHaveLength(0)
    } finally {
      await other.stop()
      await reach.close()
    }
  })
})

describe('a cancelled run', () => {
  const reason = new Error('cancelled')

  test('ends a call that waits for its answer', async () => {
    const controller = new AbortController()
    server.script({ do: 'hang' })
    const call = provider().generateContent(article, { signal: controller.signal })
    await Promise.all([
      expect(call).rejects.toBe(reason),
      server.nextRequest().then(() => controller.abort(reason)),
    ])
  })

  test('ends a call that waits to be repeated', async () => {
    const controller = new AbortController()
    server.script({ do: 'status', status: 429, headers: { 'retry-after': '60' } })
    const call = provider().generateContent(article, { signal: controller.signal })
    await Promise.all([
      expect(call).rejects.toBe(reason),
      server.nextRequest().then(() => setTimeout(() => controller.abort(reason), 50)),
    ])
    expect(server.requests).toHaveLength(1)
  })

  test('makes no call once it is cancelled', async () => {
    const signal = AbortSignal.abort(reason)
    await expect(provider().generateContent(article, { signal })).rejects.toBe(reason)
    expect(server.requests).toHaveLength(0)
  })
})
