import type { ErrorCode } from '../errors.ts'

/** What the documentation page of an error code says. */
export type ProblemText = { title: string; cause: string; remedy: string }

/** Every code that the API can answer; the titles are those of the problem documents. */
export const PROBLEM_TEXTS: Record<ErrorCode, ProblemText> = {
  validation_failed: {
    title: 'The request is not valid',
    cause:
      'One or more fields, parameters or headers have a value that this operation does not accept.',
    remedy:
      'Read "errors": each entry names the field and what it must be. Correct these and send the request again.',
  },
  malformed_body: {
    title: 'The body cannot be read',
    cause: 'The body is not valid JSON or multipart data, is nested too deeply, or ended early.',
    remedy: 'Send a complete body whose format matches its Content-Type.',
  },
  malformed_request: {
    title: 'The request is not valid HTTP',
    cause: 'The server could not parse the request line or the headers.',
    remedy: 'Check the HTTP client and any proxy between it and igny8.',
  },
  csv_invalid: {
    title: 'The CSV file cannot be imported',
    cause:
      'The file has no readable header, no keyword column, or an encoding that cannot be detected. Nothing was imported.',
    remedy: 'Read "detail" and "cause_code" and correct the file.',
  },
  answer_too_large: {
    title: 'The response would be too large',
    cause: 'The objects that were asked for exceed the largest response that the API sends.',
    remedy: 'Ask for less at once, for example with a smaller page_size.',
  },
  not_authenticated: {
    title: 'Authentication is required',
    cause: 'The request has no access token or API key.',
    remedy:
      'Send "Authorization: Bearer" with an access token from POST auth/login/, or with an API key.',
  },
  token_invalid: {
    title: 'The token is not valid',
    cause: 'The token or API key is malformed, has expired, or was revoked.',
    remedy: 'Refresh the access token, sign in again, or create a new API key.',
  },
  credentials_wrong: {
    title: 'The email address or password is wrong',
    cause: 'No active user has this combination of email address and password.',
    remedy: 'Check both. If the password is lost, ask an admin of the account for a password link.',
  },
  signature_invalid: {
    title: 'The webhook signature is not valid',
    cause:
      'The signature does not match the body, or the timestamp differs by more than five minutes.',
    remedy:
      'Check the clock of the WordPress server. If it is right, connect the site again to replace the key.',
  },
  insufficient_credits: {
    title: 'The account has too few credits',
    cause: 'The work costs more credits than the balance of the account. Nothing was started.',
    remedy:
      'Start less work at once, or add credits. POST billing/quote/ says what a run would cost.',
  },
  permission_denied: {
    title: 'This is not allowed',
    cause: 'The role of the user, or the scope of the API key, does not allow this operation.',
    remedy:
      'Ask an admin of the account for the role or grant, or use an API key with a wider scope.',
  },
  account_suspended: {
    title: 'The account is read-only',
    cause:
      'The account is suspended or cancelled: its data can be read, but nothing can be changed or started.',
    remedy:
      'If it is cancelled, its owner can restore it within 30 days. If it is suspended, contact the platform.',
  },
  registration_closed: {
    title: 'Registration is closed',
    cause: 'This server does not accept new accounts.',
    remedy:
      'Ask an admin of an existing account for an invitation, or ask the operator of this server.',
  },
  not_found: {
    title: 'Not found',
    cause:
      'The path or the object does not exist, or you have no access to it. The API does not say which.',
    remedy:
      'Check the path and the ID. If a colleague can see the object, ask an admin for access to its site.',
  },
  method_not_allowed: {
    title: 'The method is not allowed',
    cause: 'The path exists, but it does not support this HTTP method.',
    remedy: 'Use one of the methods in the Allow header.',
  },
  already_exists: {
    title: 'This already exists',
    cause: 'Another object has the same unique value, such as a slug, a name or an email address.',
    remedy: 'Use the existing object, or choose another value.',
  },
  already_running: {
    title: 'A run is in progress',
    cause: 'A run that has not finished uses this object.',
    remedy: 'Wait until the run has finished, or cancel it, and send the request again.',
  },
  wrong_state: {
    title: 'The current state does not allow this',
    cause: 'The object exists, but its status does not allow this operation.',
    remedy: 'Read "detail": it says which state is needed and how to get there.',
  },
  already_done: {
    title: 'The request was already carried out',
    cause:
      'The first response to this Idempotency-Key contained a secret, so it was not stored and cannot be repeated.',
    remedy: 'If the secret is lost, revoke it and create a new one with another Idempotency-Key.',
  },
  idempotency_in_progress: {
    title: 'The first request is still in progress',
    cause: 'A request with the same Idempotency-Key has not finished yet.',
    remedy: 'Wait a few seconds and repeat the request with the same key.',
  },
  idempotency_key_reused: {
    title: 'The Idempotency-Key belongs to another request',
    cause: 'This key was sent before with a different method, path or body.',
    remedy: 'Use a new key for each new request. Repeat a key only with exactly the same request.',
  },
  precondition_failed: {
    title: 'The object has changed',
    cause: 'The object is no longer the version that If-Match names.',
    remedy: 'Read the object again, apply your change to it, and send its new ETag in If-Match.',
  },
  request_timeout: {
    title: 'The request took too long to arrive',
    cause: 'The server stopped waiting for the headers or the body.',
    remedy: 'Send the request again. For a large file, check the speed of the connection.',
  },
  body_too_large: {
    title: 'The body is too large',
    cause: 'The body exceeds the limit of this operation.',
    remedy: 'Send less at once; split a large file into several.',
  },
  headers_too_large: {
    title: 'The headers are too large',
    cause: 'The URL and the headers together exceed 16 KB.',
    remedy: 'Shorten the query string, or send fewer or smaller headers and cookies.',
  },
  unsupported_media_type: {
    title: 'The Content-Type is not supported',
    cause: 'This operation does not read bodies of this Content-Type.',
    remedy: 'Send application/json, or multipart/form-data for a file upload.',
  },
  site_not_linked: {
    title: 'The site is not connected to WordPress',
    cause:
      'The operation needs WordPress, and the site is not connected or the connection was revoked.',
    remedy: 'Connect it with POST auth/sites/{id}/wordpress/connect/.',
  },
  site_check_failed: {
    title: 'The WordPress site failed a check',
    cause:
      'igny8 could not confirm that it can publish to the WordPress site. "cause_code" names what is wrong.',
    remedy:
      'Read "detail". GET auth/sites/{id}/wordpress/doctor/ runs every check and gives a remedy for each.',
  },
  integration_not_configured: {
    title: 'The integration is not configured',
    cause: 'The operation needs a provider that has no settings in this account.',
    remedy: 'Save its settings at system/settings/integrations/{name}/ first.',
  },
  integration_check_failed: {
    title: 'The integration failed its test',
    cause:
      'The provider could not be reached, or refused the settings. "cause_code" gives the reason.',
    remedy: 'Read "detail", correct the settings, and test the integration again.',
  },
  too_many_attempts: {
    title: 'Too many failed attempts',
    cause: 'There were too many failed sign-ins or attempts from this address or for this user.',
    remedy: 'Wait as many seconds as Retry-After says before the next attempt.',
  },
  rate_limited: {
    title: 'Too many requests',
    cause: 'The account or the address sent more requests than allowed in this period.',
    remedy: 'Wait as many seconds as Retry-After says, and send requests more slowly.',
  },
  plan_limit_reached: {
    title: 'A limit of the plan is reached',
    cause:
      'The request would exceed the limit that "limit" and "limit_value" give. Nothing was started.',
    remedy:
      'Wait until "resets_at" if it is set, remove what is not needed, or change to a larger plan.',
  },
  internal: {
    title: 'Internal error',
    cause: 'The server failed unexpectedly. The details are in its log, under the request_id.',
    remedy: 'Try again later. If it fails again, report it with the request_id.',
  },
  overloaded: {
    title: 'The service is overloaded',
    cause:
      'The service has more requests than it can serve right now. This one was not carried out.',
    remedy: 'Repeat the request after as many seconds as Retry-After says.',
  },
  database_unavailable: {
    title: 'The database is unavailable',
    cause: 'The server cannot reach its database. It reconnects by itself.',
    remedy:
      'Repeat the request after as many seconds as Retry-After says. Send an Idempotency-Key with each POST, so that repeating it is safe.',
  },
}
