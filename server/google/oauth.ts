import { z } from 'zod'
import { callGoogle, type Google } from './google-call.ts'
import { GoogleError } from './google-error.ts'
import type { GoogleUrls } from './google-urls.ts'

const SCOPE = 'https://www.googleapis.com/auth/webmasters.readonly'

export type OauthClient = { clientId: string; clientSecret: string }

/** The page where a person grants the client lasting access to Search Console. */
export function authorizeUrl(
  urls: GoogleUrls,
  asked: { clientId: string; redirectUri: string; state: string },
): string {
  const url = new URL(urls.authorize)
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: asked.clientId,
    redirect_uri: asked.redirectUri,
    scope: SCOPE,
    state: asked.state,
    access_type: 'offline',
    // Otherwise Google returns a refresh token only the first time.
    prompt: 'consent',
  }).toString()
  return url.href
}

const Granted = z.object({ refresh_token: z.string().optional(), scope: z.string().optional() })
const Refreshed = z.object({ access_token: z.string() })

/** Exchanges the code that Google sent back for a refresh token. Throws a `GoogleError`. */
export async function exchangeCode(
  google: Google,
  client: OauthClient,
  { code, redirectUri }: { code: string; redirectUri: string },
): Promise<string> {
  const fields = { grant_type: 'authorization_code', code, redirect_uri: redirectUri }
  const { refresh_token, scope } = await askForToken(google, client, fields, Granted)
  if (scope !== undefined && !scope.split(' ').includes(SCOPE)) {
    const message = 'Access to Search Console was not granted. Connect again and select it.'
    throw new GoogleError('gsc_scope_missing', message)
  }
  if (refresh_token) return refresh_token
  const message =
    "Google did not grant lasting access. Remove this app from the Google account's connections and connect again."
  throw new GoogleError('gsc_no_refresh_token', message)
}

/** Gets an access token, valid for about an hour. Throws a `GoogleError`. */
export async function accessToken(
  google: Google,
  client: OauthClient,
  refreshToken: string,
): Promise<string> {
  const fields = { grant_type: 'refresh_token', refresh_token: refreshToken }
  return (await askForToken(google, client, fields, Refreshed)).access_token
}

function askForToken<T>(
  google: Google,
  { clientId, clientSecret }: OauthClient,
  fields: Record<string, string>,
  schema: z.ZodType<T>,
): Promise<T> {
  const body = new URLSearchParams({
    ...fields,
    client_id: clientId,
    client_secret: clientSecret,
  }).toString()
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  return callGoogle(google, google.urls.token, { method: 'POST', headers, body }, schema)
}
