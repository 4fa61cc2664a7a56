import { storable } from './storable.ts'

/** How much of a site’s own words is shown, in characters. */
const MAX_TEXT = 2_000

/**
 * What a failed request did in WordPress: nothing, as WordPress or the connection shows
 * (`not_done`); nothing, according to something in front of WordPress that may hide what WordPress
 * did (`refused`); or not known yet (`unknown`).
 */
export type RequestOutcome = 'not_done' | 'refused' | 'unknown'

export interface WordPressFailure {
  /** Stable, in snake_case. */
  code: string
  /** What happened: a sentence. */
  message: string
  /** What to do next: a sentence. */
  remedy: string
  /** The HTTP status, if the site answered. */
  status?: number
  /** The code of WordPress’s own error, such as `rest_cannot_create`. */
  wpCode?: string
  /** The `data` of WordPress’s own error. */
  data?: unknown
  retryable?: boolean
  /** Milliseconds. */
  retryAfterMs?: number
  outcome?: RequestOutcome
  /** Whether it counts as one of the attempts after which the caller gives up. */
  spendsAttempt?: boolean
}

/** A failed request to a WordPress site. Never contains credentials. */
export class WordPressError extends Error {
  readonly code: string
  readonly remedy: string
  readonly status?: number
  readonly wpCode?: string
  readonly data?: unknown
  readonly retryable: boolean
  readonly retryAfterMs?: number
  readonly outcome: RequestOutcome
  readonly spendsAttempt: boolean

  constructor(failure: WordPressFailure, options?: ErrorOptions) {
    super(storable(failure.message, MAX_TEXT), options)
    this.name = 'WordPressError'
    this.code = failure.code
    this.remedy = failure.remedy
    this.status = failure.status
    this.wpCode = failure.wpCode && storable(failure.wpCode, MAX_TEXT)
    this.data = failure.data
    this.retryable = failure.retryable ?? false
    this.retryAfterMs = failure.retryAfterMs
    this.outcome = failure.outcome ?? 'not_done'
    this.spendsAttempt = failure.spendsAttempt ?? false
  }
}

/** Codes that concern the whole site, whatever was requested. */
const OF_THE_SITE = new Set([
  'credentials_refused',
  'rate_limited',
  'maintenance',
  'basic_auth',
  'hosting_suspended',
  'redirected',
  'cannot_upload_files',
  'origin_unreachable',
])

/** Whether the site refused just this request. A refusal is a known outcome. */
export function isRefusal(error: unknown): error is WordPressError {
  return (
    error instanceof WordPressError &&
    error.status !== undefined &&
    error.outcome !== 'unknown' &&
    !OF_THE_SITE.has(error.code)
  )
}

/** What a guarded fetch throws. `sent` is absent on the errors of other fetches. */
interface ThrownByFetch {
  code?: unknown
  sent?: unknown
  message?: unknown
  problem?: unknown
  remedy?: unknown
}

/** Codes of a guarded fetch for which a retry does not help. */
const NOT_RETRYABLE = new Set([
  'egress_bad_url',
  'egress_bad_request',
  'egress_address_not_allowed',
  'egress_too_large',
])
const CHECK_SITE = 'Check that the site is up and that its address is right, then try again.'

/**
 * Turns what a fetch threw into a WordPressError. The caller's own abort is not an error of WordPress:
 * rethrow `signal.reason` before calling this.
 */
export function failureOfFetch(thrown: unknown, origin: string): WordPressError {
  const { code, sent, message, problem = message, remedy } = (thrown ?? {}) as ThrownByFetch
  const outcome = sent === false ? 'not_done' : 'unknown'
  if (typeof code === 'string' && sent !== undefined && typeof problem === 'string') {
    return new WordPressError({
      code,
      message: problem,
      remedy: typeof remedy === 'string' ? remedy : CHECK_SITE,
      retryable: !NOT_RETRYABLE.has(code),
      outcome,
    })
  }
  return new WordPressError({
    code: sent === false ? 'unreachable' : 'connection_lost',
    message: `The connection to ${origin} failed.`,
    remedy: CHECK_SITE,
    retryable: true,
    outcome,
  })
}
