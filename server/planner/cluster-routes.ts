import type { Deps } from '../deps.ts'
import { callerOf, endpoint, newRouter } from '../http/endpoint.ts'
import { listAnswer } from '../http/lists.ts'
import { accepted, answer, IdParam, jsonBody } from '../http/schemas.ts'
import { acceptIdeas } from './accept-ideas.ts'
import {
  ClusterQuery,
  createCluster,
  deleteCluster,
  getCluster,
  listClusters,
  updateCluster,
} from './clusters.ts'
import { Cluster, GenerateIdeas, NewCluster, UpdateCluster } from './schemas.ts'

const tags = ['planner']

const update = {
  tags,
  path: '/clusters/{id}/',
  summary: 'Change a cluster',
  request: { params: IdParam, ...jsonBody(UpdateCluster) },
  responses: { 200: answer('The cluster.', Cluster) },
} as const

const routes = {
  list: endpoint('viewer', {
    method: 'get',
    path: '/clusters/',
    tags,
    summary: 'List clusters',
    request: { query: ClusterQuery },
    responses: { 200: answer('Clusters.', listAnswer(Cluster)) },
  }),
  create: endpoint('editor', {
    method: 'post',
    path: '/clusters/',
    tags,
    summary: 'Add a cluster to a sector',
    request: jsonBody(NewCluster),
    responses: { 201: answer('The cluster.', Cluster) },
  }),
  generateIdeas: endpoint('editor', {
    method: 'post',
    path: '/clusters/auto_generate_ideas/',
    tags,
    summary: 'Make content ideas for clusters',
    request: jsonBody(GenerateIdeas),
    responses: { 202: accepted },
  }),
  retrieve: endpoint('viewer', {
    method: 'get',
    path: '/clusters/{id}/',
    tags,
    summary: 'Get a cluster',
    request: { params: IdParam },
    responses: { 200: answer('The cluster.', Cluster) },
  }),
  put: endpoint('editor', { method: 'put', ...update }),
  patch: endpoint('editor', { method: 'patch', ...update }),
  remove: endpoint('editor', {
    method: 'delete',
    path: '/clusters/{id}/',
    tags,
    summary: 'Delete a cluster; its keywords stay, in no cluster',
    request: { params: IdParam },
    responses: { 204: { description: 'Deleted.' } },
  }),
}

export function clusterRoutes(deps: Deps) {
  const app = newRouter()
  const read = { readOnly: true }
  app.openapi(routes.list, async (c) => {
    const query = c.req.valid('query')
    return c.json(
      await deps.doors.withAccount(
        callerOf(c).scope,
        (tx) => listClusters(tx, c.req.url, query),
        read,
      ),
      200,
    )
  })
  app.openapi(routes.create, async (c) =>
    c.json(await createCluster(deps, callerOf(c), c.req.valid('json')), 201),
  )
  app.openapi(routes.generateIdeas, async (c) => {
    const task_id = await acceptIdeas(deps, callerOf(c), c.req.valid('json'))
    return c.json({ task_id }, 202)
  })
  app.openapi(routes.retrieve, async (c) => {
    const { id } = c.req.valid('param')
    return c.json(
      await deps.doors.withAccount(callerOf(c).scope, (tx) => getCluster(tx, id), read),
      200,
    )
  })
  for (const route of [routes.put, routes.patch]) {
    app.openapi(route, async (c) =>
      c.json(
        await updateCluster(deps, callerOf(c), c.req.valid('param').id, c.req.valid('json')),
        200,
      ),
    )
  }
  app.openapi(routes.remove, async (c) => {
    await deleteCluster(deps, callerOf(c), c.req.valid('param').id)
    return c.body(null, 204)
  })
  return app
}
