import { z } from '@hono/zod-openapi'
import type { Deps } from '../deps.ts'
import { callerOf, endpoint, newRouter, userOf } from '../http/endpoint.ts'
import { pageOf } from '../http/lists.ts'
import { accepted, answer, IdParam, jsonBody } from '../http/schemas.ts'
import { startRun } from '../runs/accept-run.ts'
import { resultOf } from '../runs/run-result.ts'
import { approveAsUser } from './approve.ts'
import { Conflict, getConflict, planResolution, ResolveConflict } from './conflicts.ts'
import { acceptDiscovery, authorizeUrl } from './connect.ts'
import { acceptExamination } from './examine.ts'
import { acceptLink, acceptUnlink } from './link.ts'
import { planPublishing, planUnpublishing } from './plan-publishing.ts'
import { listQueue, Publication, PublicationQuery } from './queue.ts'
import { ApproveTasks, ConnectWordPress, Examined, LinkWordPress, PublishTasks } from './schemas.ts'

const Linked = z
  .object({
    wp_url: z.string(),
    wp_username: z.string(),
    site_name: z.string(),
    roles: z.array(z.string()),
    plugin: z.enum(['absent', 'paired', 'failed']).openapi({
      description: 'Whether the bridge plugin is there, and shares a key now.',
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
      description: "WordPress's own page: send the owner of the site there, within half an hour.",
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
    summary: 'Link a WordPress by one click of its owner',
    description:
      'Its owner approves in WordPress, which sends the browser back here with a new application ' +
      'password; that is checked and stored. After a 202 ask again.',
    'x-shows-secret': true,
    request: { params: IdParam, ...jsonBody(ConnectWordPress) },
    responses: { 200: answer('Where to send the owner.', Connect), 202: accepted },
  }),
  doctor: endpoint('editor', {
    method: 'get',
    path: '/auth/sites/{id}/wordpress/doctor/',
    'x-mcp-tool': { name: 'check_wordpress', readOnlyHint: false, openWorldHint: true },
    tags: ['wordpress'],
    summary: 'Examine the way to a published post, each check with its cause and remedy',
    description:
      'Makes a draft and an image in WordPress and deletes both. A look that is under way is joined.',
    request: { params: IdParam },
    responses: { 200: answer('What was found.', Examined), 202: accepted },
  }),
  link: endpoint('admin', {
    method: 'put',
    path: '/auth/sites/{id}/wordpress/',
    tags: ['wordpress'],
    summary: 'Link a WordPress by an application password, checked before it is stored',
    request: { params: IdParam, ...jsonBody(LinkWordPress) },
    responses: { 200: answer('Linked.', Linked), 202: accepted },
  }),
  unlink: endpoint('admin', {
    method: 'delete',
    path: '/auth/sites/{id}/wordpress/',
    tags: ['wordpress'],
    summary: 'Revoke the application password in WordPress and forget it',
    request: { params: IdParam },
    responses: { 200: answer('Forgotten.', Unlinked), 202: accepted },
  }),
  publish: endpoint('editor', {
    method: 'post',
    path: '/writer/tasks/publish/',
    'x-mcp-tool': { name: 'publish', openWorldHint: true },
    tags: ['writer'],
    summary: 'Publish articles to WordPress, exactly once',
    request: jsonBody(PublishTasks),
    responses: { 202: accepted },
  }),
  conflict: endpoint('viewer', {
    method: 'get',
    path: '/writer/tasks/{id}/conflict/',
    'x-mcp-tool': { name: 'get_conflict' },
    tags: ['writer'],
    summary: 'Where the last update and an edit made in WordPress do not go together',
    description:
      'Both versions of each place. A task has a conflict when its `error.code` is `merge_conflict`; ' +
      'nothing was overwritten. Without one this is a 404.',
    request: { params: IdParam },
    responses: { 200: answer('What clashes.', Conflict) },
  }),
  resolveConflict: endpoint('editor', {
    method: 'post',
    path: '/writer/tasks/{id}/resolve_conflict/',
    'x-mcp-tool': { name: 'resolve_conflict', openWorldHint: true },
    tags: ['writer'],
    summary: 'Decide each clash, and publish',
    description:
      'A post that was edited again meanwhile is not overwritten: that is a new conflict.',
    request: { params: IdParam, ...jsonBody(ResolveConflict) },
    responses: { 202: accepted },
  }),
  approve: endpoint('editor', {
    method: 'post',
    path: '/writer/tasks/approve/',
    'x-mcp-tool': { name: 'approve', openWorldHint: true },
    tags: ['writer'],
    summary: 'Approve articles as they stand; what waited for that is published',
    description:
      'By a person: an API key may not. Who approved is in `approved_by` and in the audit log. ' +
      'Any change of what reaches WordPress takes the approval back: text, title, slug, excerpt, SEO ' +
      'fields, category, tags, images, internal links that are accepted, and a conflict that is resolved ' +
      'with another text. `If-Match` takes the ETags of the tasks as you read them, separated by commas: ' +
      'a 412 when one has changed since, and none is approved. For more than 400 tasks, ask more than once.',
    request: { headers: IfMatchOfMany, ...jsonBody(ApproveTasks) },
    responses: { 200: answer('Approved.', z.object({ approved: z.int() })) },
  }),
  queue: endpoint('viewer', {
    method: 'get',
    path: '/publishing/queue/',
    'x-mcp-tool': { name: 'list_publications' },
    tags: ['wordpress'],
    summary: 'Publications that were asked for and have not ended, and what each waits for',
    request: { query: PublicationQuery },
    responses: { 200: answer('A page of the list.', pageOf(Publication)) },
  }),
  unpublish: endpoint('editor', {
    method: 'post',
    path: '/writer/tasks/{id}/unpublish/',
    'x-mcp-tool': { name: 'unpublish', openWorldHint: true, destructiveHint: true },
    tags: ['writer'],
    summary: 'Make a post a draft in WordPress again; the task returns to review',
    description:
      'Publications of the task that wait (for their time, a slot, approval, a paused site or a retry) ' +
      'are cancelled. While one is being sent this is a 409 `already_running`, as is publishing while ' +
      'this is under way.',
    request: { params: IdParam },
    responses: { 202: accepted },
  }),
}

export function publishingRoutes(deps: Deps) {
  const app = newRouter()
  app.openapi(routes.doctor, async (c) => {
    const caller = callerOf(c)
    const runId = await acceptExamination(deps, caller, c.req.valid('param').id)
    const result = await resultOf(deps, caller, runId)
    return result ? c.json(Examined.parse(result), 200) : c.json({ task_id: runId }, 202)
  })
  app.openapi(routes.connect, async (c) => {
    const caller = callerOf(c)
    const { id } = c.req.valid('param')
    const runId = await acceptDiscovery(deps, caller, id, c.req.valid('json'))
    const result = await resultOf(deps, caller, runId)
    if (!result) return c.json({ task_id: runId }, 202)
    return c.json({ authorize_url: await authorizeUrl(deps, caller, id, Found.parse(result)) }, 200)
  })
  app.openapi(routes.link, async (c) => {
    const caller = callerOf(c)
    const runId = await acceptLink(deps, caller, c.req.valid('param').id, c.req.valid('json'))
    const result = await resultOf(deps, caller, runId)
    return result ? c.json(Linked.parse(result), 200) : c.json({ task_id: runId }, 202)
  })
  app.openapi(routes.unlink, async (c) => {
    const caller = callerOf(c)
    const runId = await acceptUnlink(deps, caller, c.req.valid('param').id)
    const result = await resultOf(deps, caller, runId)
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
