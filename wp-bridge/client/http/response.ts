import { z } from 'zod'
import { RATE_LIMIT_MS } from '../publish/retry-policy.ts'
import { WordPressError } from './errors.ts'
import {
  criticalError,
  knownPage,
  maintenance,
  quoted,
  suspended,
  wordsOf,
} from './foreign-page.ts'
import { parseJson } from './parse-json.ts'
import { retryAfterMs } from './retry-after.ts'

/** How much of WordPress’s own error code is shown, in characters. */
const MAX_CODE = 100

export const RAISE_UPLOAD_LIMITS =
  'Raise client_max_body_size (nginx) or LimitRequestBody (Apache), and upload_max_filesize and post_max_size in PHP, to at least 8 MB.'

/** A successful response with JSON. */
export interface SiteResponse {
  status: number
  headers: Headers
  json: unknown
}

const wpErrorSchema = z.object({ code: z.string(), message: z.string(), data: z.unknown() })

/**
 * Reads the response to a REST request.
 * @param origin of the request, for messages
 * @param clean removes from the response what no message may contain
 * @throws WordPressError for every response but a success with JSON
 */
export async function readResponse(
  response: Response,
  origin: string,
  clean: (text: string) => string = (text) => text,
): Promise<SiteResponse> {
  if (response.status >= 300 && response.status < 400) throw redirected(response, origin)
  const text = clean(await response.text())
  const json = parseJson(text)
  if (response.ok && json !== undefined) {
    return { status: response.status, headers: response.headers, json }
  }
  const refusal = wpErrorSchema.safeParse(json)
  if (refusal.success) throw refusedByWordPress(response, origin, refusal.data)
  throw notWordPress(response, origin, text)
}

/** A redirect. Its message omits the query of the target, which may contain what was sent. */
export function redirected(
  { url, status, headers }: Pick<Response, 'url' | 'status' | 'headers'>,
  origin: string,
): WordPressError {
  const target = URL.parse(headers.get('location') ?? '', url || origin)
  if (target?.pathname.includes('suspendedpage')) return suspended(origin, status)
  const address = target ? `${target.origin}${target.pathname}` : 'another address'
  return new WordPressError({
    code: 'redirected',
    message: `${origin} redirects to ${address}. igny8 does not send credentials to another address.`,
    remedy: target
      ? `Use the address that the site redirects to: ${target.origin}.`
      : 'Ask the host of the site for the address that it redirects to, and use that one.',
    status,
  })
}

function refusedByWordPress(
  response: Response,
  origin: string,
  refusal: z.infer<typeof wpErrorSchema>,
): WordPressError {
  const { status } = response
  const facts = { status, wpCode: refusal.code, data: refusal.data }
  // Messages of WordPress may contain HTML.
  const words = wordsOf(refusal.message)
  const said = `“${words}” (${refusal.code.slice(0, MAX_CODE)})`
  if (status === 429) return rateLimited(response, origin, `: ${said}`)
  // In JSON responses `wp_die` gives no reason but its status.
  if (status === 503 && refusal.code === 'wp_die') {
    return maintenance(origin, retryAfterMs(response.headers))
  }
  if (refusal.code === 'internal_server_error') return criticalError(origin, status, words)
  if (status >= 500) {
    return new WordPressError({
      ...facts,
      code: 'server_error',
      message: `${origin} answered with status ${status}: ${said}.`,
      remedy: 'Check the error log of the site, then try again.',
      retryable: true,
      retryAfterMs: retryAfterMs(response.headers),
      outcome: endedByWordPress(refusal, status) ? 'not_done' : 'unknown',
    })
  }
  return new WordPressError({
    ...facts,
    code: status === 401 ? 'credentials_refused' : 'refused',
    message: `${origin} refused the request with status ${status}: ${said}.`,
    remedy:
      status === 401
        ? 'Create a new application password in WordPress under Users → Profile, and link the site again.'
        : 'Fix what WordPress objects to, then try again.',
  })
}

/**
 * Whether WordPress itself ended the request, so that an object that does not exist now will not be
 * created. WordPress’s errors have `data`, which usually contains the status; those of a gateway do
 * not.
 */
function endedByWordPress({ data }: z.infer<typeof wpErrorSchema>, status: number): boolean {
  if (status === 500) return data !== undefined
  return z.object({ status: z.literal(status) }).safeParse(data).success
}

/** Sent by gateways and proxies that do not know what happened to the request. */
const UNKNOWN = new Set([408, 425, 499, 502, 503, 504])
/** Sent by Cloudflare when it could not connect to the server. */
const NOT_REACHED = new Set([521, 523, 525, 526])
const isOfGateway = (status: number) => UNKNOWN.has(status) || (status >= 520 && status <= 530)

function notWordPress(response: Response, origin: string, text: string): WordPressError {
  const { status, headers } = response
  const known = knownPage({ status, headers, text }, origin)
  if (known) return known
  if (status === 429) return rateLimited(response, origin, quoted(text))
  if (status >= 400 && !isOfGateway(status)) return refusedBeforeWordPress(status, origin, text)
  const waiting = { status, retryable: true, retryAfterMs: retryAfterMs(headers) }
  if (NOT_REACHED.has(status)) {
    return new WordPressError({
      ...waiting,
      code: 'origin_unreachable',
      message: `Cloudflare cannot reach the server of ${origin} (status ${status}${quoted(text)}).`,
      remedy: 'Ask the host of the site whether its server is up and its certificate is valid.',
    })
  }
  const facts = { ...waiting, outcome: 'unknown' as const }
  if (status >= 400) {
    return new WordPressError({
      ...facts,
      code: 'server_error',
      message: `${origin} answered with status ${status}${quoted(text)}.`,
      remedy: 'Check the error log of the site, then try again.',
    })
  }
  if (text.trimStart().startsWith('<')) {
    return new WordPressError({
      ...facts,
      code: 'html_answer',
      message: `${origin} answered a REST API request with a web page (status ${status}) instead of JSON.`,
      remedy:
        'Look for a firewall, a maintenance page or displayed PHP warnings. Allow /wp-json/, and set WP_DEBUG_DISPLAY to false in wp-config.php.',
    })
  }
  return new WordPressError({
    ...facts,
    code: 'broken_answer',
    message: `${origin} answered with status ${status} and JSON that is incomplete or invalid.`,
    remedy: 'Try again. If the problem remains, ask the host of the site.',
  })
}

/** A response of the server, its firewall or PHP instead of WordPress. */
function refusedBeforeWordPress(status: number, origin: string, text: string): WordPressError {
  const said = `status ${status}${quoted(text)}`
  if (status === 413) {
    return new WordPressError({
      code: 'too_large',
      message: `The server of ${origin} rejects requests of this size (${said}).`,
      remedy: RAISE_UPLOAD_LIMITS,
      status,
    })
  }
  if (status >= 500) {
    return new WordPressError({
      code: 'server_error',
      message: `The server of ${origin} answered with an error (${said}).`,
      remedy: 'Check the error log of the site, then try again.',
      status,
      retryable: true,
      outcome: 'refused',
    })
  }
  return new WordPressError({
    code: 'blocked_by_firewall',
    message: `The server of ${origin}, or a firewall in front of it, blocked the request (${said}).`,
    remedy:
      'Find the rule that blocked it in the log of the firewall (ModSecurity, Wordfence, Cloudflare or the host’s own), and allow igny8’s requests to /wp-json/.',
    status,
    outcome: 'refused',
  })
}

function rateLimited(response: Response, origin: string, said: string): WordPressError {
  const { status, headers } = response
  return new WordPressError({
    code: 'rate_limited',
    message: `${origin} limits the number of requests${said}.`,
    remedy: 'Wait, then try again.',
    status,
    retryable: true,
    retryAfterMs: retryAfterMs(headers) ?? RATE_LIMIT_MS,
  })
}
