import { z } from 'zod'
import { retryAfterMs } from '../../wp-bridge/client/http/retry-after.ts'
import { type Endpoint, hostOf, withoutKey } from './openai-error.ts'
import { AiError } from './provider.ts'

/** Longer than any code of Runware's. */
const MAX_CODE = 200

const Told = z.object({
  code: z.coerce
    .string()
    .transform((code) => code.slice(0, MAX_CODE))
    .catch(''),
  message: z.string().catch(''),
  parameter: z.coerce.string().catch(''),
})

/** The `AiError` for an error response: by its HTTP status, otherwise by Runware's code. */
export function runwareError(response: Response, failed: unknown, endpoint: Endpoint): AiError {
  const { status } = response
  const { code, message, parameter } = Told.safeParse(failed).data ?? NOTHING_TOLD
  const host = hostOf(endpoint)
  const said = message ? `: ${withoutKey(message, endpoint).replace(/\.$/, '')}` : ''
  const final = (name: string, text: string) => new AiError(name, text, { retryable: false })
  const passing = (name: string, text: string) =>
    new AiError(name, text, { retryable: true, retryAfterMs: retryAfterMs(response.headers) })
  if (status === 401 || status === 403 || /api_?key|unauthori[sz]ed/i.test(code)) {
    return final('ai_key_refused', `${host} refused the API key. Save a valid one.`)
  }
  if (status === 402 || /insufficient.*(credit|balance|fund)/i.test(code)) {
    const text = `The account at ${host} has used up its credit. Add credit there, then try again.`
    return final('ai_quota_exceeded', text)
  }
  if (status === 429) {
    return passing('ai_rate_limited', `${host} is being asked too often (429). Try again later.`)
  }
  if (status === 408 || status === 409 || status >= 500 || /timeout/i.test(code)) {
    return passing(
      'ai_unavailable',
      `${host} is not available (${status})${said}. Try again later.`,
    )
  }
  if (status >= 300 && status < 400) {
    const text = `${host} answers with a redirect. Set base_url to the address it leads to.`
    return final('ai_bad_address', text)
  }
  if (/moderation|nsfw|safety|prohibited/i.test(code)) {
    return final('ai_prompt_refused', `${host} does not draw this prompt${said}.`)
  }
  if (parameter === 'model' || /model/i.test(code)) {
    return final('ai_model_not_found', `${host} has no model ${endpoint.model}${said}.`)
  }
  if (status === 404 && !failed) {
    return final('ai_bad_address', `${host} answered 404. Check base_url.`)
  }
  return final('ai_bad_request', `${host} does not accept the request (${status})${said}.`)
}

const NOTHING_TOLD = { code: '', message: '', parameter: '' }
