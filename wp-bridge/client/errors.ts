/** What a failed call did in WordPress: certainly nothing, or nobody knows yet. */
export type Outcome = 'not_done' | 'unknown'

export interface WordPressFailure {
  /** Stable, snake_case. */
  code: string
  /** What happened, to what: a sentence. */
  message: string
  /** What to do next: a sentence. */
  remedy: string
  /** The HTTP status, when there was an answer. */
  status?: number
  /** WordPress's own code of the error, such as `rest_cannot_create`. */
  wpCode?: string
  /** The `data` of WordPress's own error. */
  data?: unknown
  retryable?: boolean
  /** Milliseconds. */
  retryAfterMs?: number
  outcome?: Outcome
}

/** A failed exchange with a WordPress site. Holds no credential, whatever was sent. */
export class WordPressError extends Error {
  readonly code: string
  readonly remedy: string
  readonly status?: number
  readonly wpCode?: string
  readonly data?: unknown
  readonly retryable: boolean
  readonly retryAfterMs?: number
  readonly outcome: Outcome

  constructor(failure: WordPressFailure, options?: ErrorOptions) {
    super(failure.message, options)
    this.name = 'WordPressError'
    this.code = failure.code
    this.remedy = failure.remedy
    this.status = failure.status
    this.wpCode = failure.wpCode
    this.data = failure.data
    this.retryable = failure.retryable ?? false
    this.retryAfterMs = failure.retryAfterMs
    this.outcome = failure.outcome ?? 'not_done'
  }
}

/** The signal that `sent` carries on errors of a guarded fetch; absent means that nobody knows. */
interface ThrownByFetch {
  code?: unknown
  sent?: unknown
  name?: unknown
  message?: unknown
}

/** Codes of a guarded fetch that no repetition mends. */
const HOPELESS = new Set(['egress_bad_url', 'egress_bad_request', 'egress_address_not_allowed'])

/**
 * What a fetch threw, as an error of ours. The caller's own abort is not an error of WordPress:
 * rethrow `signal.reason` before calling this.
 */
export function failureOfFetch(thrown: unknown, origin: string): WordPressError {
  const { code, sent, name, message } = (thrown ?? {}) as ThrownByFetch
  const outcome = sent === false ? 'not_done' : 'unknown'
  const remedy = 'Check that the site is up and that its address is right, then try again.'
  if (name === 'TimeoutError') {
    return new WordPressError({
      code: 'timed_out',
      message: `${origin} did not answer in time.`,
      remedy: 'Try again when the site is faster, or ask its host why it is slow.',
      retryable: true,
      outcome,
    })
  }
  if (typeof code === 'string' && sent !== undefined && typeof message === 'string') {
    return new WordPressError({ code, message, remedy, retryable: !HOPELESS.has(code), outcome })
  }
  return new WordPressError({
    code: sent === false ? 'unreachable' : 'connection_lost',
    message: `The connection to ${origin} failed.`,
    remedy,
    retryable: true,
    outcome,
  })
}
