import { sites } from '../../db/schema/sites.ts'
import type { Deps } from '../deps.ts'
import { crud } from '../http/crud.ts'
import { callerOf, endpoint, newRouter } from '../http/endpoint.ts'
import { pageOf } from '../http/lists.ts'
import { IdParam, jsonBody, jsonResponse, queryId } from '../http/schemas.ts'
import { GrantQuery, grantSite, listGrants, revokeGrant } from './grants.ts'
import { Grant, NewGrant, NewSite, Site, UpdateSite } from './schemas.ts'
import type { SiteLink } from './site-link.ts'
import { createSite, deleteSite, getSite, listSites, SiteQuery, updateSite } from './sites.ts'

const tags = ['auth']
const GrantParams = IdParam.extend({ grant_id: queryId })

const routes = {
  grants: endpoint('admin', {
    method: 'get',
    path: '/sites/{id}/access/',
    tags,
    summary: 'List the grants of a site',
    request: { params: IdParam, query: GrantQuery },
    responses: { 200: jsonResponse('Grants.', pageOf(Grant)) },
  }),
  grant: endpoint('admin', {
    method: 'post',
    path: '/sites/{id}/access/',
    tags,
    summary: 'Grant a site to a user',
    request: { params: IdParam, ...jsonBody(NewGrant) },
    responses: { 201: jsonResponse('The grant.', Grant) },
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

export function siteRoutes(deps: Deps, siteLink: SiteLink) {
  const app = newRouter()
  const read = { readOnly: true }
  crud(app, deps, {
    path: '/sites/',
    tag: 'auth',
    name: 'site',
    write: 'admin',
    table: sites,
    row: Site,
    list: { tool: 'list_sites', summary: 'List sites', query: SiteQuery, run: listSites },
    get: getSite,
    create: { summary: 'Create a site', body: NewSite, run: createSite },
    update: {
      summary: 'Update a site',
      body: UpdateSite,
      description:
        '`wp_url`, `wp_username` and `wp_app_password` connect the site to WordPress. They are checked before ' +
        'they are stored, as with PUT auth/sites/{id}/wordpress/. If the check fails, the other fields are still saved.',
      run: (tx, caller, before, input) => updateSite(tx, siteLink, caller, before, input),
      wait: siteLink.wait,
    },
    remove: {
      summary: 'Delete a site and everything in it',
      run: (tx, _caller, { id }) => deleteSite(tx, id),
    },
  })
  app.openapi(routes.grants, async (c) => {
    const { id } = c.req.valid('param')
    const query = c.req.valid('query')
    return c.json(
      await deps.database.withAccount(
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
