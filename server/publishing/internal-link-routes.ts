import { z } from '@hono/zod-openapi'
import type { Deps } from '../deps.ts'
import { callerOf, endpoint, newRouter } from '../http/endpoint.ts'
import { pageOf } from '../http/lists.ts'
import { accepted, jsonBody, jsonResponse } from '../http/schemas.ts'
import { startRun } from '../runs/accept-run.ts'
import {
  dismissLinkChanges,
  InternalLink,
  InternalLinkIds,
  InternalLinkQuery,
  listInternalLinks,
  planLinkChanges,
} from './internal-links.ts'

const tags = ['writer']
const routes = {
  list: endpoint('viewer', {
    method: 'get',
    path: '/writer/internal_links/',
    'x-mcp-tool': { name: 'list_internal_links' },
    tags,
    summary: 'List internal links',
    description:
      'The hub of a cluster links to every other page of the cluster, and each of those links to the hub. A ' +
      'page is published with the links whose target pages are live. Later changes are proposed here.',
    request: { query: InternalLinkQuery },
    responses: { 200: jsonResponse('A page of the list.', pageOf(InternalLink)) },
  }),
  accept: endpoint('editor', {
    method: 'post',
    path: '/writer/internal_links/accept/',
    'x-mcp-tool': { name: 'accept_internal_links', openWorldHint: true },
    tags,
    summary: 'Accept changes of internal links',
    description:
      'Updates the published pages. Edits that people made in WordPress are kept, as with every update.',
    request: jsonBody(InternalLinkIds),
    responses: { 202: accepted },
  }),
  dismiss: endpoint('editor', {
    method: 'post',
    path: '/writer/internal_links/dismiss/',
    'x-mcp-tool': { name: 'dismiss_internal_links' },
    tags,
    summary: 'Dismiss changes of internal links',
    request: jsonBody(InternalLinkIds),
    responses: {
      200: jsonResponse('The number of dismissed changes.', z.object({ dismissed: z.int() })),
    },
  }),
}

export function internalLinkRoutes(deps: Deps) {
  const app = newRouter()
  app.openapi(routes.list, async (c) => {
    const query = c.req.valid('query')
    const { scope } = callerOf(c)
    const page = await deps.database.withAccount(
      scope,
      (tx) => listInternalLinks(tx, c.req.url, query),
      { readOnly: true },
    )
    return c.json(page, 200)
  })
  app.openapi(routes.accept, async (c) => {
    const { ids } = c.req.valid('json')
    const task_id = await startRun(deps, callerOf(c), (tx) => planLinkChanges(tx, ids))
    return c.json({ task_id }, 202)
  })
  app.openapi(routes.dismiss, async (c) => {
    const { ids } = c.req.valid('json')
    const caller = callerOf(c)
    const dismissed = await deps.database.withAccount(caller.scope, (tx) =>
      dismissLinkChanges(tx, caller, ids),
    )
    return c.json({ dismissed }, 200)
  })
  return app
}
