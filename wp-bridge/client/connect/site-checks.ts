import { z } from 'zod'
import { WordPressError } from '../http/errors.ts'
import { fetchPage } from '../http/fetch-page.ts'
import { RAISE_UPLOAD_LIMITS } from '../http/response.ts'
import { withSlash } from '../http/site-address.ts'
import type { Fetch, WordPressApi } from '../http/transport.ts'
import { holdsMarker, marker } from '../publish/marker.ts'
import { bridgeStatus } from './bridge.ts'
import type { CheckedSite } from './credentials.ts'
import type { Problem } from './doctor.ts'
import type { CheckName } from './findings.ts'

interface CheckContext {
  fetch: Fetch
  api: WordPressApi
  siteUrl: string
  site: CheckedSite
  now: () => number
  signal?: AbortSignal
}

type Check = (context: CheckContext) => Promise<Problem | null>

/**
 * The slug of the test post and the test image. Those that an earlier check left behind are deleted
 * too.
 */
const SLUG = 'igny8-check'
const MAX_CLOCK_DIFFERENCE_MS = 5 * 60_000
/** A post this long past its time shows that WP-Cron does not run. */
const OVERDUE_MS = 15 * 60_000
/** As large as published images can be, in bytes. */
const IMAGE_BYTES = 512 * 1024

const SITE_CHECKS: Partial<Record<CheckName, Check>> = {
  least_privilege: async ({ site }) => leastPrivilege(site),
  upload,
  post,
  seo_meta: seoMeta,
  clock,
  wp_cron: wpCron,
  plugin,
}

/** Checks whose failure does not prevent publishing. */
const OPTIONAL = new Set<CheckName>(['seo_meta', 'clock', 'wp_cron'])

/** Runs the checks that follow a successful login. */
export async function runSiteChecks(
  context: CheckContext,
): Promise<Partial<Record<CheckName, Problem | null>>> {
  const problems: Partial<Record<CheckName, Problem | null>> = {}
  for (const [name, run] of Object.entries(SITE_CHECKS)) {
    const check = name as CheckName
    problems[check] = await run(context).catch((error: unknown) => {
      const { code, message, remedy } = wordPressError(error)
      return { code, message, remedy, blocking: !OPTIONAL.has(check) }
    })
  }
  return problems
}

function wordPressError(error: unknown): WordPressError {
  if (error instanceof WordPressError) return error
  throw error
}

function leastPrivilege({ can, user }: CheckedSite): Problem | null {
  const blocking = false
  if (user.roles.includes('administrator')) {
    return {
      code: 'administrator',
      message: `${user.name} is an Administrator: anyone with this password can do everything on the site.`,
      remedy: 'Create a user with the Editor role in WordPress, and link the site as that user.',
      blocking,
    }
  }
  const lacks = !can.publish_posts ? 'publish posts, so they wait for review' : 'create categories'
  if (can.publish_posts && can.manage_categories) return null
  return {
    code: 'less_than_editor',
    message: `${user.name} is not allowed to ${lacks}.`,
    remedy: 'Give the user the Editor role if igny8 should do this.',
    blocking,
  }
}

const idSchema = z.object({ id: z.number() })

async function upload({ api }: CheckContext): Promise<Problem | null> {
  await removeLeft(api, 'wp/v2/media', ['inherit', 'private', 'trash'])
  const file = { bytes: testImage(), name: `${SLUG}.webp`, mime_type: 'image/webp' }
  try {
    const { id } = await api.upload('wp/v2/media', idSchema, file, { slug: SLUG, title: SLUG })
    await api.delete(`wp/v2/media/${id}`, { force: 'true' })
    return null
  } catch (error) {
    return uploadProblem(wordPressError(error))
  }
}

function uploadProblem(error: WordPressError): Problem {
  const { status, wpCode } = error
  if (status === 413 || wpCode === 'rest_upload_file_too_big') {
    return {
      code: 'upload_too_large',
      message: `The site rejects an image of ${IMAGE_BYTES / 1024} kB: ${error.message}`,
      remedy: RAISE_UPLOAD_LIMITS,
    }
  }
  if (wpCode === 'rest_upload_sideload_error' || wpCode === 'rest_upload_unknown_error') {
    return {
      code: 'upload_type_refused',
      message: `The site rejects WebP images: ${error.message}`,
      remedy: 'Allow the file type image/webp in the plugin or filter that restricts uploads.',
    }
  }
  return error
}

async function post({ api }: CheckContext): Promise<Problem | null> {
  await removeLeft(api, 'wp/v2/posts', ['draft', 'trash'])
  const mark = marker(SLUG)
  const content = `<!-- wp:paragraph {"className":"${mark}"} -->\n<p class="${mark}">A check by igny8, deleted at once.</p>\n<!-- /wp:paragraph -->`
  const draft = { title: 'igny8 check', slug: SLUG, status: 'draft', content }
  const schema = idSchema.extend({ content: z.object({ raw: z.string() }) })
  const made = await api.create('wp/v2/posts', schema, draft)
  await api.delete(`wp/v2/posts/${made.id}`, { force: 'true' })
  if (made.content.raw === content) return null
  return {
    code: 'content_altered',
    message: 'WordPress removes blocks or classes from a post when the post is saved.',
    remedy:
      'Find the plugin that filters the content of posts when they are saved, and deactivate it.',
    blocking: !made.content.raw.includes(mark),
  }
}

const leftSchema = idSchema.extend({
  title: z.object({ rendered: z.string() }),
  content: z.object({ rendered: z.string() }).optional(),
})

/** Deletes only what igny8 created: it is known by its title, and a post also by its marker. */
async function removeLeft(api: WordPressApi, path: string, status: string[]): Promise<void> {
  const query = { slug: SLUG, status, _fields: 'id,title,content' }
  const { items } = await api.list(path, leftSchema, query)
  for (const { id, title, content } of items) {
    const isOurs = content ? holdsMarker(content.rendered, SLUG) : title.rendered === SLUG
    if (isOurs) await api.delete(`${path}/${id}`, { force: 'true' })
  }
}

/**
 * By their REST namespaces, the plugins that store an SEO title and description, and the field of
 * the title.
 */
const SEO_PLUGINS: Record<string, { name: string; field: string }> = {
  'yoast/v1': { name: 'Yoast SEO', field: '_yoast_wpseo_title' },
  'rankmath/v1': { name: 'Rank Math', field: 'rank_math_title' },
  'seopress/v1': { name: 'SEOPress', field: '_seopress_titles_title' },
  'aioseo/v1': { name: 'All in One SEO', field: '_aioseo_title' },
}
const namespacesSchema = z.object({ namespaces: z.array(z.string()) })
const postSchema = z.object({ meta: z.union([z.record(z.string(), z.unknown()), z.tuple([])]) })

async function seoMeta({ api }: CheckContext): Promise<Problem | null> {
  const { namespaces } = await api.read('', namespacesSchema)
  const plugin = Object.entries(SEO_PLUGINS).find(([name]) => namespaces.includes(name))?.[1]
  if (!plugin) return null
  const query = { per_page: 1, context: 'edit', _fields: 'meta', status: ['publish', 'draft'] }
  const { items } = await api.list('wp/v2/posts', postSchema, query)
  if (items.some(({ meta }) => plugin.field in meta)) return null
  return {
    code: 'seo_meta_not_writable',
    message: `WordPress’s REST API cannot write the title and description of ${plugin.name}.`,
    remedy: `Register ${plugin.field} and its description for the REST API (register_post_meta with show_in_rest), or enter them by hand.`,
    blocking: false,
  }
}

async function clock(context: CheckContext): Promise<Problem | null> {
  const { fetch, signal, now } = context
  const { headers } = await fetchPage(fetch, context.site.rest_root, { signal })
  const site = Date.parse(headers.get('date') ?? '')
  const difference = site - now()
  if (Number.isNaN(site) || Math.abs(difference) < MAX_CLOCK_DIFFERENCE_MS) return null
  const minutes = Math.round(Math.abs(difference) / 60_000)
  return {
    code: 'clock_off',
    message: `The clock of the site's server is ${minutes} minutes ${difference > 0 ? 'fast' : 'slow'}.`,
    remedy: 'Synchronize the clock of the server with NTP. Scheduled posts depend on it.',
    blocking: false,
  }
}

const scheduledSchema = z.object({ date_gmt: z.string() })

async function wpCron({ fetch, api, siteUrl, now, signal }: CheckContext): Promise<Problem | null> {
  const query = {
    status: 'future',
    order: 'asc',
    per_page: 1,
    _fields: 'date_gmt',
    context: 'edit',
  }
  const { items } = await api.list('wp/v2/posts', scheduledSchema, query)
  const overdue = items.some(({ date_gmt }) => Date.parse(`${date_gmt}Z`) < now() - OVERDUE_MS)
  if (overdue) {
    return {
      code: 'missed_schedule',
      message: 'A scheduled post in WordPress has missed its schedule.',
      remedy:
        'WP-Cron does not run. Remove DISABLE_WP_CRON from wp-config.php, or call wp-cron.php from a cron job every few minutes.',
      blocking: false,
    }
  }
  const { status } = await fetchPage(fetch, `${withSlash(siteUrl)}wp-cron.php`, { signal })
  if (status < 400) return null
  return {
    code: 'wp_cron_blocked',
    message: `The site blocks requests to wp-cron.php (status ${status}).`,
    remedy: 'Allow wp-cron.php in the server and in security plugins, or call it from a cron job.',
    blocking: false,
  }
}

/** One white pixel of lossless WebP, and a chunk that readers skip (RFC 9649, 2.3). */
function testImage(): Uint8Array<ArrayBuffer> {
  const pixel = Uint8Array.from(atob('UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA=='), (c) =>
    c.charCodeAt(0),
  )
  const image = new Uint8Array(IMAGE_BYTES)
  image.set(pixel)
  image.set(new TextEncoder().encode('JUNK'), pixel.length)
  const sizes = new DataView(image.buffer)
  sizes.setUint32(4, IMAGE_BYTES - 8, true)
  sizes.setUint32(pixel.length + 4, IMAGE_BYTES - pixel.length - 8, true)
  return image
}

async function plugin({ api }: CheckContext): Promise<Problem | null> {
  if (await bridgeStatus(api)) return null
  return {
    code: 'plugin_absent',
    message: 'The igny8 plugin is not active. igny8 publishes without it.',
    remedy:
      'Download plugin.zip for this site from igny8, and upload it in WordPress under Plugins → Add New.',
    blocking: false,
  }
}
