import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AiError } from '../../server/ai/provider.ts'
import { type RunwareOptions, runwareBalance, runwareImages } from '../../server/ai/runware.ts'
import { createEgress, type Egress } from '../../server/egress/egress.ts'
import {
  type RunwareScripted,
  type RunwareServer,
  startRunwareServer,
} from '../helpers/runware-server.ts'

const KEY = 'rw-abcdefghijklmnop-1234'
const never = { signal: new AbortController().signal }
const input = { prompt: 'A red bicycle', alt_text: 'A bicycle', title: 'Bicycles' }

let server: RunwareServer
let egress: Egress
beforeEach(async () => {
  server = await startRunwareServer({ apiKey: KEY })
  egress = createEgress({ allowPrivate: [server.hostPort] })
})
afterEach(async () => {
  await server.stop()
  await egress.close()
})

function options(changes: Partial<RunwareOptions> = {}): RunwareOptions {
  const own = { apiKey: KEY, baseUrl: server.url, model: 'runware:101@1', size: '1536x1024' }
  return { ...own, fetch: egress.fetch, retry: { backoffMs: 5 }, ...changes }
}
const make = (changes: Partial<RunwareOptions> = {}, prompts = {}) =>
  runwareImages(options(changes)).generateImage(input, { ...never, prompts })

async function failureOf(call: Promise<unknown>): Promise<AiError> {
  const error = await call.then(
    () => expect.unreachable('the call was answered'),
    (thrown) => thrown,
  )
  expect(error).toBeInstanceOf(AiError)
  const shown = JSON.stringify([error.message, error.stack, String(error.cause), { ...error }])
  expect(shown).not.toContain(KEY)
  return error
}

describe('an image by Runware', () => {
  test('is asked for as a task, and comes with what it cost', async () => {
    const { data, usage } = await make()
    expect(Buffer.from(data.bytes.subarray(1, 4)).toString()).toBe('PNG')
    expect(usage).toEqual({ model: 'runware:101@1', tokens_in: 0, tokens_out: 0, cost_usd: 0.0038 })
    const [task] = server.tasks()
    expect(task).toMatchObject({
      ...{ taskType: 'imageInference', width: 1536, height: 1024, model: 'runware:101@1' },
      ...{ numberResults: 1, includeCost: true },
    })
    expect(server.requests[0]!.headers.authorization).toBe(`Bearer ${KEY}`)
  })

  test('is told apart what must not appear', async () => {
    const image_prompt_template = '{prompt}, as a print.\nNever: {negative_prompt}.\nFor {title}'
    await make({}, { image_prompt_template, negative_prompt: 'text, logos' })
    const [task] = server.tasks()
    expect(task!.positivePrompt).toBe('A red bicycle, as a print.\nFor Bicycles')
    expect(task!.negativePrompt).toBe('text, logos')
  })

  test('is told all in one where the template has one line for both', async () => {
    await make(
      {},
      { image_prompt_template: '{prompt}, no {negative_prompt}', negative_prompt: 'text' },
    )
    expect(server.tasks()[0]!.positivePrompt).toBe('A red bicycle, no text')
  })

  test('is asked for within what Runware takes as a prompt', async () => {
    await make({}, { image_prompt_template: `{prompt} ${'x'.repeat(5000)}`, negative_prompt: 'x' })
    const [task] = server.tasks()
    expect(task!.positivePrompt).toHaveLength(3000)
    expect(task).not.toHaveProperty('negativePrompt')
  })

  test('may come by its address, which is asked without the key', async () => {
    server.script({ do: 'url' })
    const { data } = await make()
    expect([...data.bytes.subarray(0, 3)]).toEqual([0xff, 0xd8, 0xff])
  })

  test('is asked for again while Runware is busy, each time as a new task', async () => {
    server.script({ do: 'error', status: 429 }, { do: 'error', status: 503 })
    await make()
    expect(new Set(server.tasks().map(({ taskUUID }) => taskUUID)).size).toBe(3)
  })

  test('waits as long as Runware asks it to', async () => {
    server.script({ do: 'error', status: 429, headers: { 'retry-after': '1' } })
    await make()
    const [first, second] = server.requests
    expect(second!.at - first!.at).toBeGreaterThanOrEqual(990)
  })

  test.each<[string, RunwareScripted, string, boolean]>([
    ['is busy for long', { do: 'error', status: 503 }, 'ai_unavailable', true],
    ['asks for a pause for long', { do: 'error', status: 429 }, 'ai_rate_limited', true],
    ['has no credit', { do: 'error', status: 402 }, 'ai_quota_exceeded', false],
    [
      'has no credit, by its code',
      { do: 'error', status: 400, error: { code: 'insufficientCredits', message: 'x' } },
      'ai_quota_exceeded',
      false,
    ],
    [
      'moderates the prompt',
      { do: 'error', status: 400, error: { code: 'contentModerationBlocked', message: 'x' } },
      'ai_prompt_refused',
      false,
    ],
    [
      'times out within',
      { do: 'error', status: 400, error: { code: 'timeoutProvider', message: 'x' } },
      'ai_unavailable',
      true,
    ],
    ['redirects', { do: 'redirect', location: 'http://127.0.0.1:1/' }, 'ai_bad_address', false],
    ['does not come from Runware', { do: 'body', body: '<h1>hello</h1>' }, 'ai_bad_answer', false],
    [
      'answers another task',
      { do: 'body', body: '{"data":[{"taskUUID":"x"}]}' },
      'ai_bad_answer',
      false,
    ],
    ['gives junk', { do: 'picture', base64: btoa('<svg/>') }, 'ai_bad_answer', false],
  ])('that %s fails for what it is', async (_what, scripted, code, retryable) => {
    server.script(...Array(4).fill(scripted))
    expect(await failureOf(make())).toMatchObject({ code, retryable })
    expect(server.requests).toHaveLength(retryable ? 4 : 1)
  })

  test('fails by a wrong key, a missing one and one that no header can carry', async () => {
    const refused = { code: 'ai_key_refused', retryable: false }
    expect(await failureOf(make({ apiKey: 'rw-another-key-5678' }))).toMatchObject(refused)
    expect(await failureOf(make({ apiKey: '' }))).toMatchObject(refused)
    expect(await failureOf(make({ apiKey: 'with\nline break' }))).toMatchObject(refused)
  })

  test('fails by a model that Runware does not have', async () => {
    const error = await failureOf(make({ model: 'civitai:1@1' }))
    expect(error).toMatchObject({ code: 'ai_model_not_found', retryable: false })
    expect(error.message).toContain('civitai:1@1')
  })

  test('ends at the time limit, and at once when its run is cancelled', async () => {
    server.script({ do: 'hang' })
    const late = await failureOf(make({ retry: { timeoutMs: 200 } }))
    expect(late).toMatchObject({ code: 'ai_timeout', retryable: true })
    const abort = new AbortController()
    server.script({ do: 'hang' })
    const call = runwareImages(options()).generateImage(input, { signal: abort.signal })
    abort.abort(new Error('cancelled'))
    await expect(call).rejects.toThrow('cancelled')
  })

  test('does not reach a private address that is not allowed', async () => {
    const error = await failureOf(make({ baseUrl: 'http://127.0.0.1:8099/v1' }))
    expect(error).toMatchObject({ code: 'ai_address_not_allowed', retryable: false })
  })
})

test('the balance is asked for at no cost', async () => {
  expect(await runwareBalance(options(), never.signal)).toBe(12.5)
  expect(server.tasks()).toMatchObject([{ taskType: 'accountManagement' }])
})
