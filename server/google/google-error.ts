import { z } from 'zod'
import { EgressError } from '../egress/error.ts'

/** `retryable`: the same call may succeed later. The message holds no secret. */
export class GoogleError extends Error {
  readonly code: string
  readonly retryable: boolean
  constructor(code: string, message: string, { retryable = false } = {}) {
    super(message)
    this.name = 'GoogleError'
    this.code = code
    this.retryable = retryable
  }
}

/** OAuth returns its error as a string, the API as an object. */
const ErrorBody = z.object({
  error: z.union([
    z.string(),
    z.object({
      message: z.string().catch(''),
      errors: z.array(z.object({ reason: z.string().catch('') })).catch([]),
    }),
  ]),
})

const AGAIN = 'Connect Search Console again.'
const OAUTH_ERRORS: Record<string, [code: string, message: string]> = {
  invalid_grant: [
    'gsc_grant_invalid',
    `Google refused this grant: it was revoked, has expired, or was already used. ${AGAIN}`,
  ],
  invalid_client: [
    'gsc_client_refused',
    'Google refused the OAuth client. Check client_id and client_secret.',
  ],
  unauthorized_client: [
    'gsc_client_refused',
    'Google does not allow this OAuth client to request access. Check client_id, and that its type is "web application".',
  ],
  redirect_uri_mismatch: [
    'gsc_redirect_mismatch',
    "redirect_uri is not one of the OAuth client's authorized redirect URIs. Add it in Google Cloud.",
  ],
}

/** The error for an error response of Google. */
export function googleError(status: number, body: unknown): GoogleError {
  const reported = ErrorBody.safeParse(body).data?.error
  const oauth = typeof reported === 'string' ? OAUTH_ERRORS[reported] : undefined
  if (oauth) return new GoogleError(...oauth)
  const reason = typeof reported === 'object' ? (reported.errors[0]?.reason ?? '') : ''
  if (status === 429 || /quota|ratelimit/i.test(reason)) {
    const message = 'Google limits the requests of this account. Try again later.'
    return new GoogleError('gsc_quota_exceeded', message, { retryable: true })
  }
  if (status >= 500 || status === 408) {
    const message = `Google is not available (${status}). Try again later.`
    return new GoogleError('gsc_unavailable', message, { retryable: true })
  }
  if (status === 401) {
    return new GoogleError('gsc_grant_invalid', `Google refused the access. ${AGAIN}`)
  }
  if (status === 403 || status === 404) {
    const message = `The connected Google user has no access to this property (${status})${said(reported)}. Choose a property that the user can see.`
    return new GoogleError('gsc_access_refused', message)
  }
  return new GoogleError(
    'gsc_bad_request',
    `Google refused the request (${status})${said(reported)}.`,
  )
}

/** The error for a call that got no response. */
export function googleFailure(error: unknown): unknown {
  if (!(error instanceof EgressError)) return error
  const passing = ['egress_timeout', 'egress_failed', 'egress_connect_failed', 'egress_dns_failed']
  return new GoogleError('gsc_unavailable', error.message, {
    retryable: passing.includes(error.code),
  })
}

function said(told: string | { message: string } | undefined): string {
  const text = typeof told === 'string' ? told : (told?.message ?? '')
  const line = text.slice(0, 2_000).replace(/\s+/g, ' ')
  return line ? `: ${line.slice(0, 200).replace(/\.$/, '')}` : ''
}
