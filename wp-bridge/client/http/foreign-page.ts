import { textOf } from '../blocks/text-as-html.ts'
import { MAINTENANCE_MS } from '../publish/retry-policy.ts'
import { WordPressError } from './errors.ts'
import { retryAfterMs } from './retry-after.ts'

/** A web page that a site answered with. */
export interface Page {
  url: string
  status: number
  headers: Headers
  text: string
}

/** How much of a page is searched, and how much of its text is quoted, in characters. */
const MAX_LOOKED_AT = 64 * 1024
const MAX_WORDS = 200

/** Words on the challenge and block pages of firewalls. */
const CHALLENGE =
  /just a moment|cf[-_]chl|challenge-platform|captcha|sucuri|wordfence|imunify360|ddos-guard|access denied/i
/** Challenge pages with a status of success: SiteGround, Cloudflare, Sucuri, Imperva. */
const SILENT_CHALLENGE =
  /\/\.well-known\/sgcaptcha|<title>just a moment|checking your browser before|sucuri_cloudproxy_js|_incapsula_resource/i
/** How far from the start their marks appear, in characters. */
const SILENT_START = 1_024
const SUSPENDED = /account (has been |is )?suspended|suspendedpage\.cgi/i
const MAINTENANCE = /briefly unavailable for scheduled maintenance|maintenance mode/i
const CRITICAL = /there has been a critical error on this website/i
/** The page of `wp_die`, in any language. */
const WP_DIE = /id="error-page"|wp-die-message/

/**
 * Recognises a page that a site shows instead of WordPress’s response; null for any other page.
 * @param origin for messages
 */
export function knownPage(page: Omit<Page, 'url'>, origin: string): WordPressError | null {
  const { status, headers } = page
  const text = page.text.slice(0, MAX_LOOKED_AT)
  if (isChallenge(page, text)) {
    return new WordPressError({
      code: 'blocked_by_firewall',
      message: `A firewall in front of ${origin} shows a challenge page (status ${status}${quoted(text)}) and blocks igny8.`,
      remedy:
        'In the firewall (Cloudflare, Sucuri, Wordfence or the host’s own), allow /wp-json/ without a challenge.',
      status,
      // A page with an error status concerns this request. One with a status of success appears now
      // and then for anybody, and may hide what WordPress did.
      retryable: status < 400,
      outcome: status < 400 ? 'unknown' : 'refused',
    })
  }
  if (status === 401 && /^basic\b/i.test(headers.get('www-authenticate') ?? '')) {
    return new WordPressError({
      code: 'basic_auth',
      message: `The server of ${origin} requires a user name and a password (HTTP Basic, status 401) before WordPress answers.`,
      remedy:
        'Remove the password protection, at least for /wp-json/. WordPress’s application passwords use the same header.',
      status,
    })
  }
  if (SUSPENDED.test(text) && (status >= 400 || text.length < 20_000)) {
    return suspended(origin, status)
  }
  if (status === 503 && (MAINTENANCE.test(text) || WP_DIE.test(text))) {
    return maintenance(origin, retryAfterMs(headers))
  }
  if (status >= 500 && (CRITICAL.test(text) || WP_DIE.test(text))) {
    return criticalError(origin, status, wordsOf(text))
  }
  return null
}

function isChallenge({ status, headers }: Pick<Page, 'status' | 'headers'>, text: string): boolean {
  if (
    headers.get('cf-mitigated') === 'challenge' ||
    SILENT_CHALLENGE.test(text.slice(0, SILENT_START))
  ) {
    return true
  }
  const isGateways = status === 502 || status === 504 || status >= 520
  return status >= 400 && !isGateways && CHALLENGE.test(text) && !WP_DIE.test(text)
}

/** The host has turned the site off. */
export function suspended(origin: string, status: number): WordPressError {
  return new WordPressError({
    code: 'hosting_suspended',
    message: `The host of ${origin} has suspended this site (status ${status}).`,
    remedy: 'Ask the host of the site to reactivate it.',
    status,
  })
}

/** WordPress’s own maintenance mode during an update: nothing was done, and it passes. */
export function maintenance(origin: string, afterMs = MAINTENANCE_MS): WordPressError {
  return new WordPressError({
    code: 'maintenance',
    message: `${origin} is in maintenance mode while WordPress is updated (status 503).`,
    remedy:
      'Wait until the update has finished. If it never does, delete the file .maintenance in the WordPress folder.',
    status: 503,
    retryable: true,
    retryAfterMs: afterMs,
  })
}

/** A fatal error in WordPress or one of its plugins, which ended the request. */
export function criticalError(origin: string, status: number, said: string): WordPressError {
  return new WordPressError({
    code: 'critical_error',
    message: `WordPress at ${origin} stopped with a critical error (status ${status}): “${said}”.`,
    remedy:
      'Find the plugin or theme that fails in the error log of the site, then deactivate or update it.',
    status,
    retryable: true,
  })
}

/** `: “The text of the page”`, or an empty string for a page without text. */
export function quoted(text: string): string {
  const words = wordsOf(text)
  return words && `: “${words}”`
}

/** The text of a page or of a string with tags, on one line and cut. Takes linear time. */
export function wordsOf(html: string): string {
  const words: string[] = []
  let hidden: string | null = null
  let length = 0
  for (const [at, piece] of html.slice(0, MAX_LOOKED_AT).split('<').entries()) {
    const end = at === 0 ? -1 : piece.indexOf('>')
    const tag = at === 0 ? '' : piece.slice(0, end < 0 ? undefined : end).toLowerCase()
    if (hidden !== null && tag.startsWith(`/${hidden}`)) hidden = null
    else hidden ??= ['script', 'style'].find((name) => tag.startsWith(name)) ?? null
    if (hidden !== null || (at > 0 && end < 0)) continue
    const text = piece.slice(end + 1).replace(/\s+/g, ' ')
    words.push(text)
    length += text.length
    if (length > 2 * MAX_WORDS) break
  }
  const line = textOf(words.join(' ')).replace(/\s+/g, ' ').trim()
  return line.length > MAX_WORDS ? `${line.slice(0, MAX_WORDS).trimEnd()} …` : line
}
