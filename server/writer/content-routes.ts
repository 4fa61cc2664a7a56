import type { Deps } from '../deps.ts'
import { callerOf, endpoint, newRouter } from '../http/endpoint.ts'
import { listAnswer } from '../http/lists.ts'
import { answer, IdParam, jsonBody } from '../http/schemas.ts'
import { ContentQuery, getContent, listContent, updateContent } from './contents.ts'
import { Content, UpdateContent } from './schemas.ts'

const tags = ['writer']

const update = {
  tags,
  path: '/content/{id}/',
  summary: "Change a task's article",
  request: { params: IdParam, ...jsonBody(UpdateContent) },
  responses: { 200: answer('The article.', Content) },
} as const

const routes = {
  list: endpoint('viewer', {
    method: 'get',
    path: '/content/',
    tags,
    summary: 'List articles',
    request: { query: ContentQuery },
    responses: { 200: answer('Articles.', listAnswer(Content)) },
  }),
  retrieve: endpoint('viewer', {
    method: 'get',
    path: '/content/{id}/',
    tags,
    summary: 'Get an article',
    request: { params: IdParam },
    responses: { 200: answer('The article.', Content) },
  }),
  put: endpoint('editor', { method: 'put', ...update }),
  patch: endpoint('editor', { method: 'patch', ...update }),
}

export function contentRoutes(deps: Deps) {
  const app = newRouter()
  const { withAccount } = deps.doors
  const read = { readOnly: true }
  app.openapi(routes.list, async (c) => {
    const query = c.req.valid('query')
    return c.json(
      await withAccount(callerOf(c).scope, (tx) => listContent(tx, c.req.url, query), read),
      200,
    )
  })
  app.openapi(routes.retrieve, async (c) => {
    const { id } = c.req.valid('param')
    return c.json(await withAccount(callerOf(c).scope, (tx) => getContent(tx, id), read), 200)
  })
  for (const route of [routes.put, routes.patch]) {
    app.openapi(route, async (c) =>
      c.json(
        await updateContent(deps, callerOf(c), c.req.valid('param').id, c.req.valid('json')),
        200,
      ),
    )
  }
  return app
}
