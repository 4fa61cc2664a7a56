import { APIConnectionTimeoutError, APIError } from 'openai'
import { EgressError } from '../egress/error.ts'
import { AiError } from './provider.ts'

/** What is named in messages, and what must not be. */
export type Endpoint = { baseUrl: string; model: string; apiKey: string }

const NOT_RETRYABLE = { retryable: false }
const RETRYABLE = { retryable: true }
/** Codes by which servers say that the account's money, not its pace, is the limit. */
const QUOTA_CODES = new Set(['insufficient_quota', 'billing_hard_limit_reached'])
const REFUSAL_CODES = new Set(['content_policy_violation', 'moderation_blocked'])

/**
 * The `AiError` for whatever a call failed with. What was thrown is not kept as its cause: it may
 * hold the key.
 */
export function aiErrorOf(error: unknown, endpoint: Endpoint): AiError {
  if (error instanceof AiError) return error
  const egress = egressErrorIn(error)
  if (egress) return ofEgress(egress)
  if (error instanceof APIConnectionTimeoutError) return timedOut(endpoint)
  if (error instanceof APIError && typeof error.status === 'number')
    return ofStatus(error, endpoint)
  if (error instanceof SyntaxError) {
    return new AiError(
      'ai_bad_answer',
      `The response of ${hostOf(endpoint)} is not JSON. Check base_url: it usually ends in /v1.`,
      NOT_RETRYABLE,
    )
  }
  if (error instanceof TypeError && !/^[\x21-\x7e]+$/.test(endpoint.apiKey)) return impossibleKey()
  const name = error instanceof Error ? error.name : typeof error
  return new AiError(
    'ai_unavailable',
    `The call to ${hostOf(endpoint)} failed (${name}). Try again later.`,
    RETRYABLE,
  )
}

export function timedOut(endpoint: Endpoint): AiError {
  const message = `${endpoint.model} at ${hostOf(endpoint)} did not answer in time. Try again later, or choose a faster model.`
  return new AiError('ai_timeout', message, RETRYABLE)
}

/** No header can carry it, so the call was not even made. */
function impossibleKey(): AiError {
  const message =
    'The API key contains spaces, line breaks or characters that cannot be sent. Save it again.'
  return new AiError('ai_key_refused', message, NOT_RETRYABLE)
}

function egressErrorIn(error: unknown): EgressError | undefined {
  for (let each = error; each instanceof Error; each = each.cause) {
    if (each instanceof EgressError) return each
  }
  return undefined
}

function ofEgress(error: EgressError): AiError {
  switch (error.code) {
    case 'egress_address_not_allowed':
    case 'egress_bad_url':
      return new AiError('ai_address_not_allowed', error.message, NOT_RETRYABLE)
    case 'egress_bad_request':
      return impossibleKey()
    case 'egress_timeout':
      return new AiError('ai_timeout', error.message, RETRYABLE)
    case 'egress_too_large':
    case 'egress_redirected':
      return new AiError('ai_bad_answer', error.message, NOT_RETRYABLE)
    case 'egress_tls_failed':
      return new AiError('ai_unavailable', error.message, NOT_RETRYABLE)
    default:
      return new AiError('ai_unavailable', error.message, RETRYABLE)
  }
}

function ofStatus(error: APIError, endpoint: Endpoint): AiError {
  const status = error.status ?? 0
  const host = hostOf(endpoint)
  const said = saidBy(error, endpoint)
  if (status === 401 || status === 403) {
    const message = `${host} refused the API key (${status}). Save a valid key that may use ${endpoint.model}.`
    return new AiError('ai_key_refused', message, NOT_RETRYABLE)
  }
  if (status === 404) return notFound(error, endpoint)
  if (status === 402 || QUOTA_CODES.has(error.code ?? '') || QUOTA_CODES.has(error.type ?? '')) {
    const message = `The account at ${host} has used up its quota. Add credit there, then try again.`
    return new AiError('ai_quota_exceeded', message, NOT_RETRYABLE)
  }
  if (status === 429) {
    const message = `${host} limits the number of requests (429). Try again later.`
    return new AiError('ai_rate_limited', message, RETRYABLE)
  }
  if (status >= 500 || status === 408 || status === 409) {
    const message = `${host} is not available (${status})${said}. Try again later.`
    return new AiError('ai_unavailable', message, RETRYABLE)
  }
  if (status >= 300 && status < 400) {
    const message = `${host} redirects to another URL. Set base_url to that URL.`
    return new AiError('ai_bad_address', message, NOT_RETRYABLE)
  }
  const code = REFUSAL_CODES.has(error.code ?? '') ? 'ai_prompt_refused' : 'ai_bad_request'
  return new AiError(code, `${host} refused the request (${status})${said}.`, NOT_RETRYABLE)
}

/** A server that knows the path says what it misses; one that does not knows no OpenAI error. */
function notFound(error: APIError, endpoint: Endpoint): AiError {
  const host = hostOf(endpoint)
  const body = error.error as { message?: unknown } | undefined
  if (typeof body?.message === 'string') {
    const message = `${host} has no model ${endpoint.model}. Choose one that it lists.`
    return new AiError('ai_model_not_found', message, NOT_RETRYABLE)
  }
  const message = `${host} responded with 404. Check base_url, which usually ends in /v1, and the model ${endpoint.model}.`
  return new AiError('ai_bad_address', message, NOT_RETRYABLE)
}

/** What the server says, without anything that looks like a key: servers like to quote it. */
function saidBy(error: APIError, endpoint: Endpoint): string {
  const body = error.error as { message?: unknown } | undefined
  if (typeof body?.message !== 'string') return ''
  return `: ${withoutKey(body.message, endpoint).replace(/\.$/, '')}`
}

const MAX_SAID = 300

/** One line of at most 300 characters of what a server said. */
export function withoutKey(said: string, { apiKey }: Endpoint): string {
  const start = said.slice(0, 10 * MAX_SAID)
  const text = start.replace(/\bsk-[\w*-]+/g, '…').replace(/\s+/g, ' ')
  return (apiKey.length >= 8 ? text.replaceAll(apiKey, '…') : text).slice(0, MAX_SAID)
}

export function hostOf(endpoint: Endpoint): string {
  return URL.parse(endpoint.baseUrl)?.host ?? 'base_url'
}
