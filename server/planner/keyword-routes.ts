import { eq } from 'drizzle-orm'
import { keywords } from '../../db/schema/planner.ts'
import type { Deps } from '../deps.ts'
import { crud } from '../http/crud.ts'
import { callerOf, endpoint, newRouter } from '../http/endpoint.ts'
import { accepted, jsonBody, jsonResponse } from '../http/schemas.ts'
import { startRun } from '../runs/accept-run.ts'
import { deleteKeywords, updateKeywordsStatus } from './bulk-keywords.ts'
import { acceptGscImport } from './import-gsc.ts'
import { createKeyword, getKeyword, KeywordQuery, listKeywords, updateKeyword } from './keywords.ts'
import { planClustering } from './plan-clustering.ts'
import {
  BulkDeleted,
  BulkIds,
  BulkStatus,
  BulkUpdated,
  ClusterKeywords,
  ImportGsc,
  Keyword,
  NewKeyword,
  UpdateKeyword,
} from './schemas.ts'

const tags = ['planner']

const routes = {
  bulkDelete: endpoint('editor', {
    method: 'post',
    path: '/keywords/bulk_delete/',
    tags,
    summary: 'Delete keywords',
    request: jsonBody(BulkIds),
    responses: { 200: jsonResponse('The result of each ID.', BulkDeleted) },
  }),
  bulkStatus: endpoint('editor', {
    method: 'post',
    path: '/keywords/bulk_update_status/',
    tags,
    summary: 'Update the status of keywords',
    request: jsonBody(BulkStatus),
    responses: { 200: jsonResponse('The result of each ID.', BulkUpdated) },
  }),
  cluster: endpoint('editor', {
    method: 'post',
    path: '/keywords/auto_cluster/',
    'x-mcp-tool': { name: 'cluster_keywords' },
    tags,
    summary: 'Cluster the keywords of a sector',
    request: jsonBody(ClusterKeywords),
    responses: { 202: accepted },
  }),
}

const importGsc = endpoint('editor', {
  method: 'post',
  path: '/keywords/import_gsc/',
  tags,
  summary: 'Import keywords from Google Search Console',
  description:
    'Imports the search queries of a property as keywords, with the impressions of the period as `volume`. Of a keyword that is already in the sector, only the volume is updated.',
  request: jsonBody(ImportGsc),
  responses: { 202: accepted },
})

export function keywordRoutes(deps: Deps) {
  const app = newRouter()
  app.openapi(routes.bulkDelete, async (c) =>
    c.json(await deleteKeywords(deps, callerOf(c), c.req.valid('json').ids), 200),
  )
  app.openapi(routes.bulkStatus, async (c) =>
    c.json(await updateKeywordsStatus(deps, callerOf(c), c.req.valid('json')), 200),
  )
  app.openapi(routes.cluster, async (c) => {
    const input = c.req.valid('json')
    const task_id = await startRun(deps, callerOf(c), (tx) => planClustering(tx, input))
    return c.json({ task_id }, 202)
  })
  app.openapi(importGsc, async (c) => {
    const task_id = await acceptGscImport(deps, callerOf(c), c.req.valid('json'))
    return c.json({ task_id }, 202)
  })
  crud(app, deps, {
    path: '/keywords/',
    tag: 'planner',
    name: 'keyword',
    write: 'editor',
    table: keywords,
    row: Keyword,
    list: {
      tool: 'list_keywords',
      summary: 'List keywords',
      query: KeywordQuery,
      run: listKeywords,
    },
    get: getKeyword,
    create: { summary: 'Create a keyword', body: NewKeyword, run: createKeyword },
    update: {
      summary: 'Update a keyword',
      body: UpdateKeyword,
      run: (tx, _caller, before, input) => updateKeyword(tx, before, input),
    },
    remove: {
      summary: 'Delete a keyword',
      run: (tx, _caller, { id }) => tx.delete(keywords).where(eq(keywords.id, id)),
    },
  })
  return app
}
