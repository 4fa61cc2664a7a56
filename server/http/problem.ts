import { z } from '@hono/zod-openapi'
import { DrizzleQueryError } from 'drizzle-orm'
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { AccountNotFoundError, ReadOnlyScopeError, StaleTokenError } from '../../db/database.ts'
import { type DatabaseUnavailableError, unavailable } from '../../db/unavailable.ts'
import {
  DomainError,
  ERROR_STATUS,
  type FieldError,
  notFound,
  RETRY_SECONDS,
  tokenInvalid,
} from '../errors.ts'
import type { Logger } from '../observability/logger.ts'
import type { AppEnv } from './endpoint.ts'
import { fieldSentence } from './field-sentence.ts'
import { rowLimitReached } from './plan-limit-errors.ts'
import { PROBLEM_TEXTS } from './problem-catalogue.ts'
import { problemType } from './problem-pages.ts'

export const Problem = z
  .object({
    type: z.string().openapi({
      description: 'The address of a page that explains the code, relative to the server.',
    }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z
      .string()
      .openapi({ description: 'The stable code of the error. Decide by this field.' }),
    cause_code: z.string().optional(),
    limit: z
      .string()
      .optional()
      .openapi({ description: 'The limit of the plan that was reached.' }),
    limit_value: z.int().optional(),
    resets_at: z.string().nullable().optional(),
    request_id: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .openapi('Problem')

/** The most field errors in a response: a large body can have very many. */
const MAX_ERRORS = 100
const MAX_PATH = 200

/** The 400 that names each invalid field, up to `MAX_ERRORS`. */
export function problemFromZod(error: z.ZodError): DomainError {
  const errors = error.issues
    .slice(0, MAX_ERRORS)
    .flatMap(fieldErrors)
    .slice(0, MAX_ERRORS)
    .map(({ path, message }) => ({ path: path.slice(0, MAX_PATH), message }))
  return new DomainError('validation_failed', 'The request is not valid; see errors.', { errors })
}

function fieldErrors(issue: z.core.$ZodIssue): FieldError[] {
  const path = issue.path.join('.')
  if (issue.code !== 'unrecognized_keys') return [{ path, message: fieldSentence(issue) }]
  return issue.keys.map((key) => ({
    path: [path, key].filter(Boolean).join('.'),
    message: 'is not a known field',
  }))
}

/** The only place that turns an error into a response. */
export function answerError(logger: Logger) {
  return (error: unknown, c: Context<AppEnv>): Response => {
    const request_id = c.get('requestId') ?? ''
    const away = unavailable(error)
    if (away) {
      // watch-database.ts logs an absence once; here only overload is logged.
      if (away.why === 'overloaded') {
        logger.warn({ request_id, why: away.message, ...queryOf(away) }, 'database overloaded')
      }
      return problemResponse(c, databaseUnavailable(away), request_id)
    }
    const known = domainError(error)
    if (known) return problemResponse(c, known, request_id)
    logger.error({ request_id, ...loggable(error) }, 'request failed')
    const unknown = new DomainError(
      'internal',
      'The server failed unexpectedly. Try again later; if it fails again, report it with the request_id.',
    )
    return problemResponse(c, unknown, request_id)
  }
}

/** Without the query parameters that drizzle's errors repeat: they may be secrets or customer data. */
function loggable(error: unknown): object {
  if (!(error instanceof DrizzleQueryError)) return { err: error }
  return { err: error.cause, query: error.query }
}

function queryOf({ cause }: DatabaseUnavailableError): object {
  return cause instanceof DrizzleQueryError ? { query: cause.query } : {}
}

function databaseUnavailable({ why, outcomeUnknown }: DatabaseUnavailableError): DomainError {
  if (why === 'overloaded') {
    return new DomainError(
      'overloaded',
      'The service is too busy to handle this request. Repeat it in a few seconds.',
      { headers: { 'retry-after': RETRY_SECONDS } },
    )
  }
  return new DomainError(
    'database_unavailable',
    outcomeUnknown
      ? 'The connection to the database was lost while the request was being saved, so it may or may not have ' +
          'been carried out. Check the result before you repeat it, or repeat it with the same Idempotency-Key.'
      : 'The database cannot be reached. Repeat the request in a few seconds.',
    { headers: { 'retry-after': RETRY_SECONDS } },
  )
}

function domainError(error: unknown): DomainError | undefined {
  if (error instanceof DomainError) return error
  if (error instanceof StaleTokenError) return tokenInvalid()
  if (error instanceof AccountNotFoundError) return notFound()
  if (error instanceof ReadOnlyScopeError) return readOnlyScope(error)
  const limit = rowLimitReached(error)
  if (limit) return limit
  if (error instanceof HTTPException) {
    if (error.status === 413)
      return new DomainError('body_too_large', 'The body is too large. Send less at once.')
    if (error.status === 400)
      return new DomainError('malformed_body', 'The body is not valid JSON. Check its syntax.')
    if (error.status === 415) {
      return new DomainError('unsupported_media_type', 'Send the body as application/json.')
    }
  }
  return undefined
}

function readOnlyScope({ why }: ReadOnlyScopeError): DomainError {
  if (why === 'key_reads') {
    return new DomainError(
      'permission_denied',
      'This API key has read access only. Use one with write access.',
    )
  }
  return new DomainError(
    'account_suspended',
    why === 'account_suspended'
      ? 'This account is suspended: you can read it, but not change or run anything. Contact the platform to lift the suspension.'
      : 'This account is cancelled: you can read it, but not change or run anything. Its owner can restore it until the grace period ends.',
  )
}

function problemResponse(c: Context, error: DomainError, request_id: string): Response {
  const { status, text } = problemOf(error, request_id)
  return c.body(text, status as ContentfulStatusCode, {
    ...error.headers,
    'content-type': PROBLEM_TYPE,
  })
}

export const PROBLEM_TYPE = 'application/problem+json'

/** The status of an error, and the JSON of its problem. */
export function problemOf(error: DomainError, request_id: string) {
  const status = ERROR_STATUS[error.code]
  const body: z.infer<typeof Problem> = {
    type: problemType(error.code),
    title: PROBLEM_TEXTS[error.code].title,
    status,
    detail: error.message,
    code: error.code,
    cause_code: error.cause_code,
    ...error.limit,
    request_id,
    errors: error.errors,
  }
  return { status, text: JSON.stringify(body) }
}
