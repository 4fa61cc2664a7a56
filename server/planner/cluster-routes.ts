import { eq } from 'drizzle-orm'
import { clusters } from '../../db/schema/planner.ts'
import type { Deps } from '../deps.ts'
import { crud } from '../http/crud.ts'
import { callerOf, endpoint, newRouter } from '../http/endpoint.ts'
import { accepted, jsonBody } from '../http/schemas.ts'
import { startRun } from '../runs/accept-run.ts'
import { ClusterQuery, createCluster, getCluster, listClusters, updateCluster } from './clusters.ts'
import { planIdeas } from './plan-ideas.ts'
import { Cluster, GenerateIdeas, NewCluster, UpdateCluster } from './schemas.ts'

const tags = ['planner']

const generateIdeas = endpoint('editor', {
  method: 'post',
  path: '/clusters/auto_generate_ideas/',
  'x-mcp-tool': { name: 'generate_ideas' },
  tags,
  summary: 'Generate ideas for clusters',
  request: jsonBody(GenerateIdeas),
  responses: { 202: accepted },
})

export function clusterRoutes(deps: Deps) {
  const app = newRouter()
  app.openapi(generateIdeas, async (c) => {
    const input = c.req.valid('json')
    const task_id = await startRun(deps, callerOf(c), (tx) => planIdeas(tx, input))
    return c.json({ task_id }, 202)
  })
  crud(app, deps, {
    path: '/clusters/',
    tag: 'planner',
    name: 'cluster',
    write: 'editor',
    table: clusters,
    row: Cluster,
    list: {
      tool: 'list_clusters',
      summary: 'List clusters',
      query: ClusterQuery,
      run: listClusters,
    },
    get: getCluster,
    create: { summary: 'Create a cluster', body: NewCluster, run: createCluster },
    update: {
      summary: 'Update a cluster',
      body: UpdateCluster,
      run: (tx, _caller, before, input) => updateCluster(tx, before, input),
    },
    remove: {
      summary: 'Delete a cluster',
      description: 'Its keywords are kept, without a cluster.',
      run: (tx, _caller, { id }) => tx.delete(clusters).where(eq(clusters.id, id)),
    },
  })
  return app
}
