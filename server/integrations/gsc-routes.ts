import { html } from 'hono/html'
import type { Deps } from '../deps.ts'
import { DomainError } from '../errors.ts'
import { callerOf, endpoint, newRouter } from '../http/endpoint.ts'
import { htmlPage } from '../http/page.ts'
import { accepted, jsonResponse } from '../http/schemas.ts'
import { resultOfRun } from '../runs/wait-for-run.ts'
import { acceptAuthorization, beginConnection } from './connect-gsc.ts'
import { CallbackQuery, Connect, Properties } from './integration-schemas.ts'
import { acceptConnectionTest } from './try-integration.ts'

const tags = ['integrations']
const BASE = '/settings/integrations/gsc/'
const page = (description: string) => ({
  description,
  content: { 'text/html': { schema: { type: 'string' as const } } },
})

const routes = {
  connect: endpoint('admin', {
    method: 'post',
    'x-shows-secret': true,
    path: `${BASE}connect/`,
    tags,
    summary: 'Connect Google Search Console',
    description:
      'Open `authorize_url` in a browser and grant access. Needs the saved `client_id` and `client_secret` of an OAuth client whose redirect URIs include `redirect_uri`.',
    responses: {
      200: jsonResponse(
        'The page where a person grants access. It is valid for ten minutes.',
        Connect,
      ),
    },
  }),
  callback: endpoint('public', {
    method: 'get',
    path: `${BASE}callback/`,
    tags,
    summary: 'Complete the connection to Google Search Console',
    request: { query: CallbackQuery },
    responses: {
      200: page('A page that confirms the connection, or says that access was not granted.'),
      202: page('A page that says that the connection takes longer.'),
      422: page('A page that says what went wrong.'),
    },
  }),
  properties: endpoint('admin', {
    method: 'post',
    path: `${BASE}properties/`,
    tags,
    summary: 'List Search Console properties',
    responses: { 200: jsonResponse('The properties.', Properties), 202: accepted },
  }),
}

export function gscRoutes(deps: Deps) {
  const app = newRouter()
  app.openapi(routes.connect, async (c) => c.json(await beginConnection(deps, callerOf(c)), 200))
  app.openapi(routes.callback, async (c) => {
    // A HEAD request, such as a link preview, must not use up the link.
    if (c.req.method === 'HEAD') return c.html('', 200)
    const accepted = await acceptAuthorization(deps, c.get('requestId'), c.req.valid('query'))
    if (!accepted)
      return c.html(
        pageSaying('Access was not granted, so nothing was changed. You can close this page.'),
        200,
      )
    try {
      const { caller, runId } = accepted
      const result = await resultOfRun(deps, caller, runId, 'integration_check_failed')
      return result
        ? c.html(pageSaying('Google Search Console is connected. You can close this page.'), 200)
        : c.html(
            pageSaying('Google is taking long to respond. Check the integration in igny8 later.'),
            202,
          )
    } catch (error) {
      if (!(error instanceof DomainError)) throw error
      return c.html(pageSaying(error.message), 422)
    }
  })
  app.openapi(routes.properties, async (c) => {
    const caller = callerOf(c)
    const task_id = await acceptConnectionTest(deps, caller, 'gsc')
    const result = await resultOfRun(deps, caller, task_id, 'integration_check_failed')
    return result ? c.json(Properties.parse(result), 200) : c.json({ task_id }, 202)
  })
  return app
}

function pageSaying(sentence: string) {
  return htmlPage('Google Search Console · igny8', html`<p>${sentence}</p>`)
}
