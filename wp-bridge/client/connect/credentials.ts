import { z } from 'zod'
import { textOf } from '../blocks/text-as-html.ts'
import { WordPressError } from '../http/errors.ts'
import { type ApiOptions, connect, type WordPressApi } from '../http/transport.ts'
import { discoverRestRoot } from './discover.ts'

/** Capabilities that limit what igny8 can publish. */
const CAPABILITIES = [
  'edit_posts',
  'publish_posts',
  'upload_files',
  'manage_categories',
  'unfiltered_html',
] as const

type Can = Record<(typeof CAPABILITIES)[number], boolean>

export interface CheckedSite {
  rest_root: string
  site_name: string
  user: { id: number; name: string; roles: string[]; capabilities: string[] }
  can: Can
}

// PHP encodes an empty map as an empty array.
const mapSchema = z.union([
  z.record(z.string(), z.unknown()),
  z.array(z.unknown()).transform(() => ({})),
])
const indexSchema = z.object({
  name: z.string(),
  url: z.string().optional(),
  namespaces: z.array(z.string()).optional(),
  authentication: mapSchema.optional(),
})
type Index = z.infer<typeof indexSchema>
const userSchema = z.object({
  id: z.number(),
  name: z.string(),
  roles: z.array(z.string()),
  capabilities: mapSchema,
})

/**
 * Checks that an application password allows its user to write articles with images.
 * @throws WordPressError those of `discoverRestRoot`, `application_passwords_unavailable`,
 *   `wrong_credentials`, `rest_disabled`, `users_blocked`, `cannot_write_posts`,
 *   `cannot_upload_files`, or that of a failed request
 */
export async function checkCredentials(
  fetch: ApiOptions['fetch'],
  site: Omit<ApiOptions, 'fetch' | 'restRoot'> & { siteUrl: string },
): Promise<CheckedSite> {
  const restRoot = await discoverRestRoot(fetch, site.siteUrl, site.signal)
  const api = connect({ ...site, fetch, restRoot })
  const index = await readIndex(api)
  const user = await api
    .read('wp/v2/users/me', userSchema, { context: 'edit' })
    .catch((error: unknown) => {
      throw explained(error, index)
    })
  const granted: Record<string, unknown> = user.capabilities
  const capabilities = Object.keys(granted).filter((name) => granted[name] === true)
  const can = Object.fromEntries(CAPABILITIES.map((name) => [name, capabilities.includes(name)]))
  refuseIncapable(user.name, can as Can)
  return {
    rest_root: restRoot,
    site_name: textOf(index.name),
    user: { id: user.id, name: user.name, roles: user.roles, capabilities },
    can: can as Can,
  }
}

/** Reads the index, which a wrong password hides too. */
async function readIndex(api: WordPressApi): Promise<Index> {
  try {
    return await api.read('', indexSchema)
  } catch (error) {
    if (error instanceof WordPressError && error.wpCode) throw explained(error, undefined)
    throw error
  }
}

/**
 * WordPress’s codes for a user name or password that it does not accept. Core itself only reports
 * that nobody is logged in, whether the credentials are wrong or never arrived.
 */
const WRONG = new Set([
  'rest_not_logged_in',
  'incorrect_password',
  'invalid_username',
  'invalid_email',
])

function explained(error: unknown, index: Index | undefined): unknown {
  if (!(error instanceof WordPressError) || !error.wpCode) return error
  const { status, wpCode } = error
  const because = (code: string, message: string, remedy: string) =>
    new WordPressError({ code, message, remedy, status, wpCode }, { cause: error })
  if (wpCode.startsWith('application_passwords_disabled') || nothingToSignInWith(index)) {
    return because(
      'application_passwords_unavailable',
      'Application passwords are not available in this WordPress.',
      passwordsRemedy(index),
    )
  }
  if (WRONG.has(wpCode)) {
    return because(
      'wrong_credentials',
      `WordPress does not accept this user name and application password (${wpCode}).`,
      'Check the user name, and create a new application password in WordPress under Users → Profile. It is not the password for the login page. If both are right, configure the server to pass the Authorization header to PHP (in Apache: CGIPassAuth On).',
    )
  }
  if (wpCode === 'rest_no_route') {
    return because(
      'users_blocked',
      'A plugin has removed /wp/v2/users from the REST API of the site.',
      'In the security plugin that hides users from the REST API, allow /wp/v2/users/me for logged-in users.',
    )
  }
  if (status !== 401 && status !== 403) return error
  return because(
    'rest_disabled',
    `The REST API of the site rejects this user (${wpCode}).`,
    'Turn off the plugin or the setting that restricts the REST API, then try again.',
  )
}

/** Names what disables application passwords, if that is known. */
function passwordsRemedy(index: Index | undefined): string {
  if (index?.namespaces?.some((name) => name.startsWith('wordfence/'))) {
    return 'Wordfence disables them. Clear “Disable WordPress application passwords” under Wordfence → All Options → Brute Force Protection.'
  }
  if (index?.url?.startsWith('http:')) {
    return 'WordPress offers them over HTTPS only. Serve the site over HTTPS, and change its address to https:// under Settings → General.'
  }
  return 'Turn off the plugin or the filter wp_is_application_passwords_available that disables them. Security plugins have a setting for it.'
}

function nothingToSignInWith(index: Index | undefined): boolean {
  return index?.authentication !== undefined && !('application-passwords' in index.authentication)
}

function refuseIncapable(name: string, can: Can): void {
  const missing = (code: string, what: string) =>
    new WordPressError({
      code,
      message: `The WordPress user ${name} is not allowed to ${what}.`,
      remedy: 'Give the user the Author role or a higher one, or link the site as another user.',
    })
  if (!can.edit_posts) throw missing('cannot_write_posts', 'write posts')
  if (!can.upload_files) throw missing('cannot_upload_files', 'upload images')
}

const introspectedSchema = z.object({ uuid: z.string() })

/**
 * Revokes the application password that `api` uses. A password that WordPress no longer accepts
 * counts as revoked. Needs WordPress 5.7 or newer.
 * @throws WordPressError
 */
export async function revokeAppPassword(api: WordPressApi): Promise<void> {
  const passwords = 'wp/v2/users/me/application-passwords'
  try {
    const { uuid } = await api.read(`${passwords}/introspect`, introspectedSchema)
    await api.delete(`${passwords}/${uuid}`)
  } catch (error) {
    if (!(error instanceof WordPressError) || error.status !== 401) throw error
  }
}
