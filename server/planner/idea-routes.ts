import type { Deps } from '../deps.ts'
import { callerOf, endpoint, newRouter } from '../http/endpoint.ts'
import { listAnswer } from '../http/lists.ts'
import { answer, IdParam, jsonBody } from '../http/schemas.ts'
import { createIdea, deleteIdea, getIdea, IdeaQuery, listIdeas, updateIdea } from './ideas.ts'
import { queueIdeas } from './queue-ideas.ts'
import { BulkIds, Idea, NewIdea, Queued, UpdateIdea } from './schemas.ts'

const tags = ['planner']

const update = {
  tags,
  path: '/ideas/{id}/',
  summary: 'Change a content idea',
  request: { params: IdParam, ...jsonBody(UpdateIdea) },
  responses: { 200: answer('The idea.', Idea) },
} as const

const routes = {
  list: endpoint('viewer', {
    method: 'get',
    path: '/ideas/',
    tags,
    summary: 'List content ideas',
    request: { query: IdeaQuery },
    responses: { 200: answer('Ideas.', listAnswer(Idea)) },
  }),
  create: endpoint('editor', {
    method: 'post',
    path: '/ideas/',
    tags,
    summary: 'Add a content idea to a sector',
    request: jsonBody(NewIdea),
    responses: { 201: answer('The idea.', Idea) },
  }),
  queue: endpoint('editor', {
    method: 'post',
    path: '/ideas/bulk_queue_to_writer/',
    tags,
    summary: 'Make a writer task of each idea, one an idea however often it is queued',
    request: jsonBody(BulkIds),
    responses: {
      200: answer('No task was created: those that there are.', Queued),
      201: answer('The tasks.', Queued),
    },
  }),
  retrieve: endpoint('viewer', {
    method: 'get',
    path: '/ideas/{id}/',
    tags,
    summary: 'Get a content idea',
    request: { params: IdParam },
    responses: { 200: answer('The idea.', Idea) },
  }),
  put: endpoint('editor', { method: 'put', ...update }),
  patch: endpoint('editor', { method: 'patch', ...update }),
  remove: endpoint('editor', {
    method: 'delete',
    path: '/ideas/{id}/',
    tags,
    summary: 'Delete a content idea; a task that was made of it stays',
    request: { params: IdParam },
    responses: { 204: { description: 'Deleted.' } },
  }),
}

export function ideaRoutes(deps: Deps) {
  const app = newRouter()
  const read = { readOnly: true }
  app.openapi(routes.list, async (c) => {
    const query = c.req.valid('query')
    return c.json(
      await deps.doors.withAccount(
        callerOf(c).scope,
        (tx) => listIdeas(tx, c.req.url, query),
        read,
      ),
      200,
    )
  })
  app.openapi(routes.create, async (c) =>
    c.json(await createIdea(deps, callerOf(c), c.req.valid('json')), 201),
  )
  app.openapi(routes.queue, async (c) => {
    const { created, ...queued } = await queueIdeas(deps, callerOf(c), c.req.valid('json').ids)
    return created > 0 ? c.json(queued, 201) : c.json(queued, 200)
  })
  app.openapi(routes.retrieve, async (c) => {
    const { id } = c.req.valid('param')
    return c.json(
      await deps.doors.withAccount(callerOf(c).scope, (tx) => getIdea(tx, id), read),
      200,
    )
  })
  for (const route of [routes.put, routes.patch]) {
    app.openapi(route, async (c) =>
      c.json(
        await updateIdea(deps, callerOf(c), c.req.valid('param').id, c.req.valid('json')),
        200,
      ),
    )
  }
  app.openapi(routes.remove, async (c) => {
    await deleteIdea(deps, callerOf(c), c.req.valid('param').id)
    return c.body(null, 204)
  })
  return app
}
