import type { Deps } from '../deps.ts'
import { callerOf, endpoint, newRouter } from '../http/endpoint.ts'
import { listAnswer } from '../http/lists.ts'
import { accepted, answer, IdParam, jsonBody } from '../http/schemas.ts'
import { acceptClustering } from './accept-clustering.ts'
import { deleteKeywords, updateKeywordsStatus } from './bulk-keywords.ts'
import {
  createKeyword,
  deleteKeyword,
  getKeyword,
  KeywordQuery,
  listKeywords,
  updateKeyword,
} from './keywords.ts'
import {
  BulkDeleted,
  BulkIds,
  BulkStatus,
  BulkUpdated,
  ClusterKeywords,
  Keyword,
  NewKeyword,
  UpdateKeyword,
} from './schemas.ts'

const tags = ['planner']

const update = {
  tags,
  path: '/keywords/{id}/',
  summary: 'Change a keyword',
  request: { params: IdParam, ...jsonBody(UpdateKeyword) },
  responses: { 200: answer('The keyword.', Keyword) },
} as const

const routes = {
  list: endpoint('viewer', {
    method: 'get',
    path: '/keywords/',
    tags,
    summary: 'List keywords',
    request: { query: KeywordQuery },
    responses: { 200: answer('Keywords.', listAnswer(Keyword)) },
  }),
  create: endpoint('editor', {
    method: 'post',
    path: '/keywords/',
    tags,
    summary: 'Add a keyword to a sector',
    request: jsonBody(NewKeyword),
    responses: { 201: answer('The keyword.', Keyword) },
  }),
  bulkDelete: endpoint('editor', {
    method: 'post',
    path: '/keywords/bulk_delete/',
    tags,
    summary: 'Delete keywords, and say of each what happened',
    request: jsonBody(BulkIds),
    responses: { 200: answer('What happened to each.', BulkDeleted) },
  }),
  bulkStatus: endpoint('editor', {
    method: 'post',
    path: '/keywords/bulk_update_status/',
    tags,
    summary: 'Give keywords a status, and say of each what happened',
    request: jsonBody(BulkStatus),
    responses: { 200: answer('What happened to each.', BulkUpdated) },
  }),
  cluster: endpoint('editor', {
    method: 'post',
    path: '/keywords/auto_cluster/',
    tags,
    summary: "Cluster a sector's keywords by meaning",
    request: jsonBody(ClusterKeywords),
    responses: { 202: accepted },
  }),
  retrieve: endpoint('viewer', {
    method: 'get',
    path: '/keywords/{id}/',
    tags,
    summary: 'Get a keyword',
    request: { params: IdParam },
    responses: { 200: answer('The keyword.', Keyword) },
  }),
  put: endpoint('editor', { method: 'put', ...update }),
  patch: endpoint('editor', { method: 'patch', ...update }),
  remove: endpoint('editor', {
    method: 'delete',
    path: '/keywords/{id}/',
    tags,
    summary: 'Delete a keyword',
    request: { params: IdParam },
    responses: { 204: { description: 'Deleted.' } },
  }),
}

export function keywordRoutes(deps: Deps) {
  const app = newRouter()
  const read = { readOnly: true }
  app.openapi(routes.list, async (c) => {
    const query = c.req.valid('query')
    return c.json(
      await deps.doors.withAccount(
        callerOf(c).scope,
        (tx) => listKeywords(tx, c.req.url, query),
        read,
      ),
      200,
    )
  })
  app.openapi(routes.create, async (c) =>
    c.json(await createKeyword(deps, callerOf(c), c.req.valid('json')), 201),
  )
  app.openapi(routes.bulkDelete, async (c) =>
    c.json(await deleteKeywords(deps, callerOf(c), c.req.valid('json').ids), 200),
  )
  app.openapi(routes.bulkStatus, async (c) =>
    c.json(await updateKeywordsStatus(deps, callerOf(c), c.req.valid('json')), 200),
  )
  app.openapi(routes.cluster, async (c) => {
    const task_id = await acceptClustering(deps, callerOf(c), c.req.valid('json'))
    return c.json({ task_id }, 202)
  })
  app.openapi(routes.retrieve, async (c) => {
    const { id } = c.req.valid('param')
    return c.json(
      await deps.doors.withAccount(callerOf(c).scope, (tx) => getKeyword(tx, id), read),
      200,
    )
  })
  for (const route of [routes.put, routes.patch]) {
    app.openapi(route, async (c) =>
      c.json(
        await updateKeyword(deps, callerOf(c), c.req.valid('param').id, c.req.valid('json')),
        200,
      ),
    )
  }
  app.openapi(routes.remove, async (c) => {
    await deleteKeyword(deps, callerOf(c), c.req.valid('param').id)
    return c.body(null, 204)
  })
  return app
}
