import type { Deps } from '../deps.ts'
import { callerOf, endpoint, newRouter } from '../http/endpoint.ts'
import { listAnswer } from '../http/lists.ts'
import { answer, IdParam, jsonBody } from '../http/schemas.ts'
import { NewSector, Sector, UpdateSector } from './schemas.ts'
import {
  createSector,
  deleteSector,
  getSector,
  listSectors,
  SectorQuery,
  updateSector,
} from './sectors.ts'

const tags = ['auth']

const update = {
  tags,
  path: '/sectors/{id}/',
  summary: 'Change a sector',
  request: { params: IdParam, ...jsonBody(UpdateSector) },
  responses: { 200: answer('The sector.', Sector) },
} as const

const routes = {
  list: endpoint('viewer', {
    method: 'get',
    path: '/sectors/',
    tags,
    summary: 'List sectors',
    request: { query: SectorQuery },
    responses: { 200: answer('Sectors.', listAnswer(Sector)) },
  }),
  create: endpoint('admin', {
    method: 'post',
    path: '/sectors/',
    tags,
    summary: "Add a sector to a site, free or from an industry's template",
    request: jsonBody(NewSector),
    responses: { 201: answer('The sector.', Sector) },
  }),
  retrieve: endpoint('viewer', {
    method: 'get',
    path: '/sectors/{id}/',
    tags,
    summary: 'Get a sector',
    request: { params: IdParam },
    responses: { 200: answer('The sector.', Sector) },
  }),
  put: endpoint('admin', { method: 'put', ...update }),
  patch: endpoint('admin', { method: 'patch', ...update }),
  remove: endpoint('admin', {
    method: 'delete',
    path: '/sectors/{id}/',
    tags,
    summary: 'Delete a sector with its keywords, clusters, ideas and tasks',
    request: { params: IdParam },
    responses: { 204: { description: 'Deleted.' } },
  }),
}

export function sectorRoutes(deps: Deps) {
  const app = newRouter()
  const read = { readOnly: true }
  app.openapi(routes.list, async (c) => {
    const query = c.req.valid('query')
    return c.json(
      await deps.doors.withAccount(
        callerOf(c).scope,
        (tx) => listSectors(tx, c.req.url, query),
        read,
      ),
      200,
    )
  })
  app.openapi(routes.create, async (c) =>
    c.json(await createSector(deps, callerOf(c), c.req.valid('json')), 201),
  )
  app.openapi(routes.retrieve, async (c) => {
    const { id } = c.req.valid('param')
    return c.json(
      await deps.doors.withAccount(callerOf(c).scope, (tx) => getSector(tx, id), read),
      200,
    )
  })
  for (const route of [routes.put, routes.patch]) {
    app.openapi(route, async (c) =>
      c.json(
        await updateSector(deps, callerOf(c), c.req.valid('param').id, c.req.valid('json')),
        200,
      ),
    )
  }
  app.openapi(routes.remove, async (c) => {
    await deleteSector(deps, callerOf(c), c.req.valid('param').id)
    return c.body(null, 204)
  })
  return app
}
