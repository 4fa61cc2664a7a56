import type { Deps } from '../deps.ts'
import { callerOf, endpoint, newRouter } from '../http/endpoint.ts'
import { listAnswer } from '../http/lists.ts'
import { answer, IdParam, jsonBody, queryId } from '../http/schemas.ts'
import { GrantQuery, grantSite, listGrants, revokeGrant } from './grants.ts'
import { Grant, NewGrant, NewSite, Site, UpdateSite } from './schemas.ts'
import { createSite, deleteSite, getSite, listSites, SiteQuery, updateSite } from './sites.ts'

const tags = ['auth']
const GrantParams = IdParam.extend({ grant_id: queryId })

const update = {
  tags,
  path: '/sites/{id}/',
  summary: 'Change a site',
  request: { params: IdParam, ...jsonBody(UpdateSite) },
  responses: { 200: answer('The site.', Site) },
} as const

const routes = {
  list: endpoint('viewer', {
    method: 'get',
    path: '/sites/',
    tags,
    summary: 'List sites',
    request: { query: SiteQuery },
    responses: { 200: answer('Sites.', listAnswer(Site)) },
  }),
  create: endpoint('admin', {
    method: 'post',
    path: '/sites/',
    tags,
    summary: 'Create a site',
    request: jsonBody(NewSite),
    responses: { 201: answer('The site.', Site) },
  }),
  retrieve: endpoint('viewer', {
    method: 'get',
    path: '/sites/{id}/',
    tags,
    summary: 'Get a site',
    request: { params: IdParam },
    responses: { 200: answer('The site.', Site) },
  }),
  put: endpoint('admin', { method: 'put', ...update }),
  patch: endpoint('admin', { method: 'patch', ...update }),
  remove: endpoint('admin', {
    method: 'delete',
    path: '/sites/{id}/',
    tags,
    summary: 'Delete a site and all that was planned and written for it here',
    request: { params: IdParam },
    responses: { 204: { description: 'Deleted.' } },
  }),
  grants: endpoint('admin', {
    method: 'get',
    path: '/sites/{id}/access/',
    tags,
    summary: 'Who was granted this site',
    request: { params: IdParam, query: GrantQuery },
    responses: { 200: answer('Grants.', listAnswer(Grant)) },
  }),
  grant: endpoint('admin', {
    method: 'post',
    path: '/sites/{id}/access/',
    tags,
    summary: 'Grant this site to an editor or a viewer',
    request: { params: IdParam, ...jsonBody(NewGrant) },
    responses: { 201: answer('The grant.', Grant) },
  }),
  revoke: endpoint('admin', {
    method: 'delete',
    path: '/sites/{id}/access/{grant_id}/',
    tags,
    summary: 'Revoke a grant',
    request: { params: GrantParams },
    responses: { 204: { description: 'Revoked.' } },
  }),
}

export function siteRoutes(deps: Deps) {
  const app = newRouter()
  const read = { readOnly: true }
  app.openapi(routes.list, async (c) => {
    const { scope } = callerOf(c)
    const query = c.req.valid('query')
    return c.json(
      await deps.doors.withAccount(scope, (tx) => listSites(tx, c.req.url, query), read),
      200,
    )
  })
  app.openapi(routes.create, async (c) =>
    c.json(await createSite(deps, callerOf(c), c.req.valid('json')), 201),
  )
  app.openapi(routes.retrieve, async (c) => {
    const { id } = c.req.valid('param')
    return c.json(
      await deps.doors.withAccount(callerOf(c).scope, (tx) => getSite(tx, id), read),
      200,
    )
  })
  for (const route of [routes.put, routes.patch]) {
    app.openapi(route, async (c) =>
      c.json(
        await updateSite(deps, callerOf(c), c.req.valid('param').id, c.req.valid('json')),
        200,
      ),
    )
  }
  app.openapi(routes.remove, async (c) => {
    await deleteSite(deps, callerOf(c), c.req.valid('param').id)
    return c.body(null, 204)
  })
  app.openapi(routes.grants, async (c) => {
    const { id } = c.req.valid('param')
    const query = c.req.valid('query')
    return c.json(
      await deps.doors.withAccount(
        callerOf(c).scope,
        (tx) => listGrants(tx, c.req.url, id, query),
        read,
      ),
      200,
    )
  })
  app.openapi(routes.grant, async (c) => {
    const { user_id } = c.req.valid('json')
    return c.json(await grantSite(deps, callerOf(c), c.req.valid('param').id, user_id), 201)
  })
  app.openapi(routes.revoke, async (c) => {
    const { id, grant_id } = c.req.valid('param')
    await revokeGrant(deps, callerOf(c), id, grant_id)
    return c.body(null, 204)
  })
  return app
}
