/** The HTTP status of each error code. */
export const ERROR_STATUS = {
  validation_failed: 400,
  malformed_body: 400,
  malformed_request: 400,
  csv_invalid: 400,
  answer_too_large: 400,
  not_authenticated: 401,
  token_invalid: 401,
  credentials_wrong: 401,
  signature_invalid: 401,
  insufficient_credits: 402,
  permission_denied: 403,
  account_suspended: 403,
  registration_closed: 403,
  not_found: 404,
  method_not_allowed: 405,
  already_exists: 409,
  already_running: 409,
  wrong_state: 409,
  already_done: 409,
  idempotency_in_progress: 409,
  idempotency_key_reused: 422,
  precondition_failed: 412,
  request_timeout: 408,
  body_too_large: 413,
  headers_too_large: 431,
  unsupported_media_type: 415,
  site_not_linked: 409,
  site_check_failed: 422,
  integration_not_configured: 409,
  integration_check_failed: 422,
  too_many_attempts: 429,
  rate_limited: 429,
  plan_limit_reached: 429,
  internal: 500,
  overloaded: 503,
  database_unavailable: 503,
} as const
export type ErrorCode = keyof typeof ERROR_STATUS

/** `Retry-After` of a temporary overload, in seconds. */
export const RETRY_SECONDS = '5'

/** `resets_at` is null for limits that do not reset, such as `max_sites`. */
export type ReachedLimit = { limit: string; limit_value: number; resets_at: string | null }

export type FieldError = { path: string; message: string }

/** An error that is shown to the caller. `detail` says what happened, to what, and what to do next. */
export class DomainError extends Error {
  readonly code: ErrorCode
  readonly errors: FieldError[] | undefined
  readonly headers: Record<string, string>
  /** Set if the cause has its own code, such as a failed check of a WordPress site. */
  readonly cause_code: string | undefined
  /** Set for `plan_limit_reached`. */
  readonly limit: ReachedLimit | undefined

  constructor(
    code: ErrorCode,
    detail: string,
    more: {
      errors?: FieldError[]
      headers?: Record<string, string>
      cause_code?: string
      limit?: ReachedLimit
    } = {},
  ) {
    super(detail)
    this.name = 'DomainError'
    this.code = code
    this.errors = more.errors
    this.headers = more.headers ?? {}
    this.cause_code = more.cause_code
    this.limit = more.limit
  }
}

/** The 404 for an object that does not exist, belongs to another account, or is on a site without a grant: callers cannot tell which. */
export function notFound(): DomainError {
  return new DomainError('not_found', 'This does not exist, or you have no access to it.')
}

/** The 400 for a field whose value turned out to be invalid while the request was processed. */
export function invalid(path: string, message: string): DomainError {
  return new DomainError(
    'validation_failed',
    'The request is not valid. See "errors" for each field.',
    {
      errors: [{ path, message }],
    },
  )
}

/** The 401 for an invalid token or API key. */
export function tokenInvalid(): DomainError {
  return new DomainError(
    'token_invalid',
    'The token or API key is not valid, has expired or was revoked. Refresh the token or sign in again.',
    {
      headers: { 'www-authenticate': 'Bearer realm="igny8", error="invalid_token"' },
    },
  )
}
