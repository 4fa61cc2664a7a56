import { z } from '@hono/zod-openapi'
import type { Deps } from '../deps.ts'
import { callerOf, endpoint, newRouter, userOf } from '../http/endpoint.ts'
import { pageOf } from '../http/lists.ts'
import { accepted, IdParam, jsonBody, jsonResponse } from '../http/schemas.ts'
import { startRun } from '../runs/accept-run.ts'
import { approveAsUser } from './approve.ts'
import { Conflict, getConflict, planResolution, ResolveConflict } from './conflicts.ts'
import { acceptDiscovery, authorizeUrl } from './connect.ts'
import { acceptExamination } from './examine.ts'
import { acceptLink, acceptUnlink } from './link.ts'
import { planPublishing, planUnpublishing } from './plan-publishing.ts'
import { listQueue, Publication, PublicationQuery } from './queue.ts'
import { ApproveTasks, ConnectWordPress, Examined, LinkWordPress, PublishTasks } from './schemas.ts'
import { siteCheckResult } from './site-check-result.ts'

const Linked = z
  .object({
    wp_url: z.string(),
    wp_username: z.string(),
    site_name: z.string(),
    roles: z.array(z.string()),
    plugin: z.enum(['absent', 'paired', 'failed']).openapi({
      description: 'Whether the bridge plugin is installed and paired.',
    }),
    warnings: z.array(z.string()),
  })
  .openapi('LinkedWordPress')
const Unlinked = z
  .object({ revoked: z.boolean(), message: z.string() })
  .openapi('UnlinkedWordPress')

const Found = z.object({ wp_url: z.string(), authorization: z.string() })
const Connect = z
  .object({
    authorize_url: z.string().openapi({
      description:
        'The page of WordPress where the owner of the site approves the connection. Valid for 30 minutes.',
    }),
  })
  .openapi('ConnectWordPress')

/** The tags of some 400 tasks: a server takes headers of 16 KB in all. */
const IfMatchOfMany = z.object({ 'if-match': z.string().max(12_000).optional() })

const routes = {
  connect: endpoint('admin', {
    method: 'post',
    path: '/auth/sites/{id}/wordpress/connect/',
    tags: ['wordpress'],
    summary: 'Start connecting a site to WordPress',
    description:
      'The owner approves the connection in WordPress, which redirects to igny8 with a new application ' +
      'password. igny8 checks and stores it. After a 202, send the request again.',
    'x-shows-secret': true,
    request: { params: IdParam, ...jsonBody(ConnectWordPress) },
    responses: { 200: jsonResponse('The URL for the owner of the site.', Connect), 202: accepted },
  }),
  doctor: endpoint('editor', {
    method: 'get',
    path: '/auth/sites/{id}/wordpress/doctor/',
    'x-mcp-tool': { name: 'check_wordpress', readOnlyHint: false, openWorldHint: true },
    tags: ['wordpress'],
    summary: 'Check the connection to WordPress',
    description:
      'Runs every check on the way to a published post; each has its cause and remedy. Creates a draft and an ' +
      'image in WordPress and deletes both. If a check is already running, waits for its result.',
    request: { params: IdParam },
    responses: { 200: jsonResponse('The results of the checks.', Examined), 202: accepted },
  }),
  link: endpoint('admin', {
    method: 'put',
    path: '/auth/sites/{id}/wordpress/',
    tags: ['wordpress'],
    summary: 'Connect a site with an application password',
    request: { params: IdParam, ...jsonBody(LinkWordPress) },
    responses: { 200: jsonResponse('Linked.', Linked), 202: accepted },
  }),
  unlink: endpoint('admin', {
    method: 'delete',
    path: '/auth/sites/{id}/wordpress/',
    tags: ['wordpress'],
    summary: 'Disconnect a site from WordPress',
    request: { params: IdParam },
    responses: { 200: jsonResponse('The password was deleted here.', Unlinked), 202: accepted },
  }),
  publish: endpoint('editor', {
    method: 'post',
    path: '/writer/tasks/publish/',
    'x-mcp-tool': { name: 'publish', openWorldHint: true },
    tags: ['writer'],
    summary: 'Publish articles to WordPress',
    request: jsonBody(PublishTasks),
    responses: { 202: accepted },
  }),
  conflict: endpoint('viewer', {
    method: 'get',
    path: '/writer/tasks/{id}/conflict/',
    'x-mcp-tool': { name: 'get_conflict' },
    tags: ['writer'],
    summary: 'Get the conflict of a task',
    description:
      'Both versions of each place where the last update clashes with an edit made in WordPress. A task has a ' +
      'conflict if its `error.code` is `merge_conflict`; nothing was overwritten. Without one this is a 404.',
    request: { params: IdParam },
    responses: { 200: jsonResponse('The clashes.', Conflict) },
  }),
  resolveConflict: endpoint('editor', {
    method: 'post',
    path: '/writer/tasks/{id}/resolve_conflict/',
    'x-mcp-tool': { name: 'resolve_conflict', openWorldHint: true },
    tags: ['writer'],
    summary: 'Resolve a conflict and publish',
    description:
      'If the post was edited again in the meantime, it is not overwritten: there is a new conflict.',
    request: { params: IdParam, ...jsonBody(ResolveConflict) },
    responses: { 202: accepted },
  }),
  approve: endpoint('editor', {
    method: 'post',
    path: '/writer/tasks/approve/',
    'x-mcp-tool': { name: 'approve', openWorldHint: true },
    tags: ['writer'],
    summary: 'Approve articles',
    description:
      'Approves the current version of the articles and publishes those that waited for approval. Only a ' +
      'person can approve, not an API key; `approved_by` and the audit log name the person. Any change of what ' +
      'reaches WordPress withdraws the approval: text, title, slug, excerpt, SEO fields, category, tags, ' +
      'images, accepted internal links, and a conflict that is resolved with a new text. `If-Match` takes the ' +
      'ETags of the tasks as you read them, separated by commas; if one has changed, the request fails with ' +
      '412 and none is approved. For more than 400 tasks, send several requests.',
    request: { headers: IfMatchOfMany, ...jsonBody(ApproveTasks) },
    responses: { 200: jsonResponse('Approved.', z.object({ approved: z.int() })) },
  }),
  queue: endpoint('viewer', {
    method: 'get',
    path: '/publishing/queue/',
    'x-mcp-tool': { name: 'list_publications' },
    tags: ['wordpress'],
    summary: 'List pending publications',
    request: { query: PublicationQuery },
    responses: { 200: jsonResponse('A page of the list.', pageOf(Publication)) },
  }),
  unpublish: endpoint('editor', {
    method: 'post',
    path: '/writer/tasks/{id}/unpublish/',
    'x-mcp-tool': { name: 'unpublish', openWorldHint: true, destructiveHint: true },
    tags: ['writer'],
    summary: 'Unpublish an article',
    description:
      'Makes the post a draft in WordPress and returns the task to `review`. Publications of the task that ' +
      'wait (for their time, a slot, approval, a paused site or a retry) are cancelled. While one is being ' +
      'sent, the request fails with 409 `already_running`; so does publishing while the task is being unpublished.',
    request: { params: IdParam },
    responses: { 202: accepted },
  }),
}

export function publishingRoutes(deps: Deps) {
  const app = newRouter()
  app.openapi(routes.doctor, async (c) => {
    const caller = callerOf(c)
    const runId = await acceptExamination(deps, caller, c.req.valid('param').id)
    const result = await siteCheckResult(deps, caller, runId)
    return result ? c.json(Examined.parse(result), 200) : c.json({ task_id: runId }, 202)
  })
  app.openapi(routes.connect, async (c) => {
    const caller = callerOf(c)
    const { id } = c.req.valid('param')
    const runId = await acceptDiscovery(deps, caller, id, c.req.valid('json'))
    const result = await siteCheckResult(deps, caller, runId)
    if (!result) return c.json({ task_id: runId }, 202)
    return c.json({ authorize_url: await authorizeUrl(deps, caller, id, Found.parse(result)) }, 200)
  })
  app.openapi(routes.link, async (c) => {
    const caller = callerOf(c)
    const runId = await acceptLink(deps, caller, c.req.valid('param').id, c.req.valid('json'))
    const result = await siteCheckResult(deps, caller, runId)
    return result ? c.json(Linked.parse(result), 200) : c.json({ task_id: runId }, 202)
  })
  app.openapi(routes.unlink, async (c) => {
    const caller = callerOf(c)
    const runId = await acceptUnlink(deps, caller, c.req.valid('param').id)
    const result = await siteCheckResult(deps, caller, runId)
    return result ? c.json(Unlinked.parse(result), 200) : c.json({ task_id: runId }, 202)
  })
  app.openapi(routes.publish, async (c) => {
    const input = c.req.valid('json')
    const task_id = await startRun(deps, callerOf(c), (tx) => planPublishing(tx, input))
    return c.json({ task_id }, 202)
  })
  app.openapi(routes.conflict, async (c) => {
    const { id } = c.req.valid('param')
    const { scope } = callerOf(c)
    const conflict = await deps.database.withAccount(scope, (tx) => getConflict(tx, id), {
      readOnly: true,
    })
    return c.json(conflict, 200)
  })
  app.openapi(routes.resolveConflict, async (c) => {
    const { id } = c.req.valid('param')
    const input = c.req.valid('json')
    const task_id = await startRun(deps, callerOf(c), (tx) => planResolution(tx, id, input))
    return c.json({ task_id }, 202)
  })
  app.openapi(routes.approve, async (c) => {
    const { ids } = c.req.valid('json')
    const ifMatch = c.req.header('if-match')
    return c.json({ approved: await approveAsUser(deps, userOf(c), ids, ifMatch) }, 200)
  })
  app.openapi(routes.queue, async (c) => {
    const query = c.req.valid('query')
    const page = await deps.database.withAccount(
      callerOf(c).scope,
      (tx) => listQueue(tx, c.req.url, query),
      { readOnly: true },
    )
    return c.json(page, 200)
  })
  app.openapi(routes.unpublish, async (c) => {
    const { id } = c.req.valid('param')
    const task_id = await startRun(deps, callerOf(c), (tx) => planUnpublishing(tx, id))
    return c.json({ task_id }, 202)
  })
  return app
}
