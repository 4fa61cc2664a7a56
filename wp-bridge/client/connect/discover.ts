import { z } from 'zod'
import { WordPressError } from '../http/errors.ts'
import { fetchPage } from '../http/fetch-page.ts'
import { knownPage, type Page, quoted } from '../http/foreign-page.ts'
import { parseJson } from '../http/parse-json.ts'
import { redirected } from '../http/response.ts'
import { withSlash } from '../http/site-address.ts'
import type { Fetch } from '../http/transport.ts'

/** Only the head of a page is searched. Bytes. */
const MAX_PAGE_BYTES = 256 * 1024
/** The REST API’s index of a site with many plugins has several megabytes. */
const MAX_INDEX_BYTES = 8 * 1024 * 1024

const indexSchema = z.object({ namespaces: z.array(z.string()) })
const refusalSchema = z.object({ code: z.string(), message: z.string() })

/**
 * Finds the REST root of a WordPress without credentials: by its `Link` header, the `<link>` in its
 * page, `/wp-json/` or `?rest_route=/`. The root is always on the origin of the site, so that
 * credentials go nowhere else.
 * @param siteUrl `https://example.com`, `https://example.com/blog/`
 * @returns the root with a trailing slash; it may require authentication
 * @throws WordPressError `site_url_invalid`, `redirected`, `rest_disabled`, `site_address_differs`,
 *   `blocked_by_firewall`, `maintenance`, `critical_error`, `basic_auth`, `hosting_suspended`,
 *   `server_error`, `not_wordpress`, or that of a failed request
 */
export async function discoverRestRoot(
  fetch: Fetch,
  siteUrl: string,
  signal?: AbortSignal,
): Promise<string> {
  const site = parseSiteUrl(siteUrl)
  const page = await getPage(fetch, site.href, MAX_PAGE_BYTES, signal)
  const advertised = advertisedRoot(page, site)
  const candidates = new Set(
    [advertised && ownOrigin(advertised, site), `${site.href}wp-json/`, `${site.href}?rest_route=/`]
      .filter((url) => url !== null)
      .map(withSlash),
  )
  let closed: string | undefined
  let inTheWay = knownPage(page, site.origin)
  let broken: Page | undefined
  for (const url of candidates) {
    // A path that does not belong to WordPress may redirect. Only a redirect of the page itself is
    // reported.
    const answer = await getPage(fetch, url, MAX_INDEX_BYTES, signal).catch(unlessRedirected)
    const json = answer && parseJson(answer.text)
    if (indexSchema.safeParse(json).data?.namespaces.includes('wp/v2')) return url
    const isRefusal = answer?.status === 401 || answer?.status === 403
    if (isRefusal && refusalSchema.safeParse(json).success) closed ??= url
    if (answer && json === undefined) inTheWay ??= knownPage(answer, site.origin)
    if (answer && answer.status >= 500) broken ??= answer
  }
  if (closed) return closed
  if (inTheWay) throw inTheWay
  throw notFound(site, page, advertised, broken)
}

const authorizationSchema = z.object({
  authentication: z.object({
    'application-passwords': z.object({ endpoints: z.object({ authorization: z.url() }) }),
  }),
})

/**
 * Finds the page `authorize-application.php` on which a person authorises an application, without
 * its parameters.
 * https://developer.wordpress.org/advanced-administration/security/application-passwords/
 * @throws WordPressError those of `discoverRestRoot`, `application_passwords_unavailable`
 */
export async function discoverAuthorization(
  fetch: Fetch,
  siteUrl: string,
  signal?: AbortSignal,
): Promise<string> {
  const restRoot = await discoverRestRoot(fetch, siteUrl, signal)
  const index = await getPage(fetch, restRoot, MAX_INDEX_BYTES, signal)
  const found = authorizationSchema.safeParse(parseJson(index.text)).data
  const { origin } = new URL(restRoot)
  const page = found?.authentication['application-passwords'].endpoints.authorization
  // A site that hides its index may still have the page in its usual place.
  if (!page && index.status >= 400) return `${parseSiteUrl(siteUrl).href}${AUTHORIZE_PAGE}`
  if (page && new URL(page).origin === origin) return page
  throw new WordPressError({
    code: 'application_passwords_unavailable',
    message: 'Application passwords are not available in this WordPress.',
    remedy:
      'Serve the site over HTTPS, and allow application passwords in security plugins. If your profile in WordPress shows them anyway, link the site with one that you create there.',
  })
}

function parseSiteUrl(siteUrl: string): URL {
  const url = URL.parse(siteUrl.trim())
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password) {
    throw new WordPressError({
      code: 'site_url_invalid',
      message: 'The address of the site is not a valid http or https URL.',
      remedy: 'Write it as https://example.com, without a user name or password.',
    })
  }
  url.search = ''
  url.hash = ''
  const folders = url.pathname.split('/').filter(Boolean)
  if (['index.php', 'wp-admin', 'wp-login.php'].includes(folders.at(-1) ?? '')) folders.pop()
  url.pathname = ['', ...folders, ''].join('/')
  return url
}

async function getPage(
  fetch: Fetch,
  url: string,
  maxBytes: number,
  signal: AbortSignal | undefined,
): Promise<Page> {
  const page = await fetchPage(fetch, url, { signal, maxBytes })
  if (page.status >= 300 && page.status < 400) throw redirected(page, new URL(url).origin)
  return page
}

function unlessRedirected(error: unknown): undefined {
  if (!(error instanceof WordPressError) || error.code !== 'redirected') throw error
}

const AUTHORIZE_PAGE = 'wp-admin/authorize-application.php'

const REL = /\brel\s*=\s*["']?https:\/\/api\.w\.org\/["']?/i

/**
 * The REST root that the site advertises:
 * https://developer.wordpress.org/rest-api/using-the-rest-api/discovery/
 */
function advertisedRoot(page: Page, site: URL): URL | null {
  const inHeader = (page.headers.get('link') ?? '')
    .split(/,(?=\s*<)/)
    .find((link) => REL.test(link))
  const inPage = page.text.match(/<link\b[^<>]*>/gi)?.find((link) => REL.test(link))
  const href =
    inHeader?.match(/<([^<>]*)>/)?.[1] ?? inPage?.match(/\bhref\s*=\s*["']([^"']*)/i)?.[1]
  return href === undefined ? null : URL.parse(href.replaceAll('&amp;', '&'), site)
}

function ownOrigin(root: URL, site: URL): string {
  return `${site.origin}${root.pathname}${root.search}`
}

/** @param broken a server error in place of the REST API */
function notFound(
  site: URL,
  page: Page,
  advertised: URL | null,
  broken: Page | undefined,
): WordPressError {
  if (advertised && advertised.origin !== site.origin) {
    return new WordPressError({
      code: 'site_address_differs',
      message: `The WordPress at ${site.href} has the site address ${advertised.origin}.`,
      remedy: `Use the address ${advertised.origin}, or change it in WordPress under Settings → General.`,
    })
  }
  const isWordPress = advertised || /\/wp-(content|includes)\//.test(page.text)
  if (page.status >= 500) return serverFailed(site, page)
  if (isWordPress && broken) return serverFailed(site, broken)
  if (isWordPress) {
    return new WordPressError({
      code: 'rest_disabled',
      message: `${site.href} is a WordPress site, but its REST API does not answer.`,
      remedy: 'Allow /wp-json/ in the server, the firewall and security plugins, then try again.',
    })
  }
  return new WordPressError({
    code: 'not_wordpress',
    message: `igny8 found no WordPress at ${site.href} (status ${page.status}).`,
    remedy: 'Enter the address of the WordPress site, with its folder if it is installed in one.',
    status: page.status,
  })
}

function serverFailed(site: URL, { status, text }: Page): WordPressError {
  return new WordPressError({
    code: 'server_error',
    message: `${site.href} answered with status ${status}${quoted(text)}.`,
    remedy: 'Check the error log of the site, then try again.',
    status,
    retryable: true,
  })
}
