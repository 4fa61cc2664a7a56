import { z } from 'zod'
import { parseJson } from '../../wp-bridge/client/http/parse-json.ts'
import { withRetries } from './openai-retry.ts'
import type { PictureSource } from './picture.ts'
import { AiError } from './provider.ts'
import { runwareError } from './runware-error.ts'

/** What one answer may hold: a picture of 25 MB in base64. */
const MAX_ANSWER_BYTES = 35 * 1024 * 1024

/** What is read of a task's result; the rest is not looked at. */
const Result = z.object({
  taskUUID: z.string(),
  imageBase64Data: z.string().nullish(),
  imageURL: z.string().nullish(),
  /** US dollars. */
  cost: z.number().optional().catch(undefined),
  balance: z.number().optional().catch(undefined),
})
export type Result = z.infer<typeof Result>

/** `errors` and `error` are both in use. */
const ResponseSchema = z.object({
  data: z.array(z.unknown()).nullish(),
  errors: z.array(z.unknown()).nullish(),
  error: z.unknown().optional(),
})

/**
 * Has one task carried out: an array of it, and its result found by its `taskUUID`. What fails for a
 * while is sent again, as a new task. Throws an `AiError`, or the signal's reason.
 */
export function sendTask(
  source: PictureSource,
  task: { taskType: string } & Record<string, unknown>,
  signal: AbortSignal,
): Promise<Result> {
  const { endpoint, limits, fetch } = source
  return withRetries(
    async (signal) => {
      const taskUUID = crypto.randomUUID()
      const response = await fetch(endpoint.baseUrl.replace(/\/+$/, ''), {
        method: 'POST',
        headers: {
          authorization: `Bearer ${endpoint.apiKey}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify([{ ...task, taskUUID }]),
        signal,
        timeoutMs: limits.timeoutMs,
        maxBytes: MAX_ANSWER_BYTES,
      })
      return resultOf(response, parseJson(await response.text()), taskUUID)
    },
    { endpoint, limits, signal },
  )

  function resultOf(response: Response, body: unknown, taskUUID: string): Result {
    const { data, errors, error } = ResponseSchema.safeParse(body).data ?? {}
    const failed = errors?.[0] ?? error
    if (!response.ok || failed) throw runwareError(response, failed, endpoint)
    const results = (data ?? []).map((one) => Result.safeParse(one).data)
    const result = results.find((one) => one?.taskUUID === taskUUID)
    if (result) return result
    const message = 'The server at base_url is not compatible with Runware. Check base_url.'
    throw new AiError('ai_bad_answer', message, { retryable: false })
  }
}
