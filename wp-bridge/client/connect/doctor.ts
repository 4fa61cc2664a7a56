import { WordPressError } from '../http/errors.ts'
import { connect, type Fetch } from '../http/transport.ts'
import { checkCredentials } from './credentials.ts'
import { CHECKS, type CheckName, type Finding } from './findings.ts'
import { runSiteChecks } from './site-checks.ts'
import { passwordByXmlRpc } from './xml-rpc.ts'

/** The result of a failed check. */
export type Problem = Pick<WordPressError, 'code' | 'message' | 'remedy'> & { blocking?: boolean }

export interface Target {
  siteUrl: string
  username: string
  appPassword: string
  signal?: AbortSignal
  /** Milliseconds since 1970, to compare with the clock of the site. */
  now?: () => number
}

/** The check that each error code belongs to. */
const CHECK_OF: Record<string, CheckName> = {
  site_url_invalid: 'address',
  egress_bad_url: 'address',
  egress_bad_request: 'address',
  egress_address_not_allowed: 'address',
  egress_dns_failed: 'name_resolution',
  egress_tls_failed: 'tls',
  redirected: 'redirects',
  site_address_differs: 'redirects',
  not_wordpress: 'rest_api',
  blocked_by_firewall: 'rest_api',
  maintenance: 'rest_api',
  critical_error: 'rest_api',
  hosting_suspended: 'rest_api',
  basic_auth: 'rest_api',
  rest_disabled: 'rest_api',
  users_blocked: 'rest_api',
  html_answer: 'rest_api',
  broken_answer: 'rest_api',
  unexpected_answer: 'rest_api',
  egress_too_large: 'rest_api',
  server_error: 'rest_api',
  refused: 'rest_api',
  rate_limited: 'rest_api',
  application_passwords_unavailable: 'application_passwords',
  authorization_stripped: 'authorization_header',
  wrong_credentials: 'credentials',
  credentials_refused: 'credentials',
  cannot_write_posts: 'capabilities',
  cannot_upload_files: 'capabilities',
}

/**
 * Runs every check on the way to a published post, and returns for each whether it passed, the
 * cause and the remedy. Leaves nothing in WordPress: the draft and the image that it creates are
 * deleted.
 * @throws the reason of the signal, or an error that is not the site’s
 */
export async function runChecks(fetch: Fetch, target: Target): Promise<Finding[]> {
  const { siteUrl, username, appPassword, signal, now = Date.now } = target
  try {
    const site = await checkCredentials(fetch, { siteUrl, username, appPassword, signal })
    const restRoot = site.rest_root
    const api = connect({ fetch, restRoot, username, appPassword, signal })
    const late = await runSiteChecks({ fetch, api, siteUrl, site, now, signal })
    return CHECKS.map((check) => finding(check, late[check] ?? null))
  } catch (error) {
    if (!(error instanceof WordPressError)) throw error
    const problem = await explained(fetch, target, error)
    const failed = CHECK_OF[problem.code] ?? 'connection'
    const at = CHECKS.indexOf(failed)
    return CHECKS.map((check, index) => {
      if (index === at) return finding(check, problem)
      return index < at ? finding(check, null) : unchecked(check)
    })
  }
}

/**
 * Core does not distinguish a wrong password from one that never arrived. XML-RPC takes the
 * password in the body.
 */
async function explained(fetch: Fetch, target: Target, error: WordPressError): Promise<Problem> {
  if (error.code !== 'wrong_credentials') return error
  if ((await passwordByXmlRpc(fetch, target)) !== 'accepted') return error
  return {
    code: 'authorization_stripped',
    message: 'The password is right, but the server does not pass the Authorization header to PHP.',
    remedy:
      'In Apache, add “CGIPassAuth On” to .htaccess (or “SetEnvIf Authorization "(.*)" HTTP_AUTHORIZATION=$1”). ' +
      'In nginx, add “fastcgi_param HTTP_AUTHORIZATION $http_authorization;” next to fastcgi_pass.',
  }
}

function finding(check: CheckName, problem: Problem | null): Finding {
  if (!problem) return { check, ok: true, blocking: false, code: null, cause: null, remedy: null }
  const { code, message: cause, remedy, blocking = true } = problem
  return { check, ok: false, blocking, code, cause, remedy }
}

const unchecked = (check: CheckName): Finding => ({ ...finding(check, null), ok: null })
