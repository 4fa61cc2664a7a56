import { api_keys } from '../../db/schema/identity.ts'
import type { Deps } from '../deps.ts'
import { crud } from '../http/crud.ts'
import { callerOf, endpoint, newRouter } from '../http/endpoint.ts'
import { jsonBody, jsonResponse } from '../http/schemas.ts'
import { audit } from '../observability/audit.ts'
import {
  ApiKeyQuery,
  createApiKey,
  getApiKey,
  listApiKeys,
  revokeApiKey,
  updateApiKey,
} from './api-keys.ts'
import { ApiKey, NewApiKey, ShownApiKey, UpdateApiKey } from './schemas.ts'

const create = endpoint('admin', {
  method: 'post',
  path: '/api_keys/',
  tags: ['auth'],
  summary: 'Create an API key',
  description:
    'The response shows the key once. Send it as `Authorization: Bearer igny8_…`. A key acts as `system_bot` ' +
    'with the permissions of an editor on its sites (`site_ids` null or omitted: all sites); with `access` ' +
    '"read" it can only read. It stops working when it is revoked, at `expires_at`, or when the user who ' +
    'created it is removed, deactivated or no longer an admin.',
  'x-shows-secret': true,
  request: jsonBody(NewApiKey),
  responses: { 201: jsonResponse('The new key.', ShownApiKey) },
})

export function apiKeyRoutes(deps: Deps) {
  const app = newRouter()
  crud(app, deps, {
    path: '/api_keys/',
    tag: 'auth',
    name: 'API key',
    read: 'admin',
    write: 'admin',
    table: api_keys,
    row: ApiKey,
    list: {
      summary: 'List API keys',
      query: ApiKeyQuery,
      run: listApiKeys,
    },
    get: getApiKey,
    update: {
      summary: 'Rename an API key',
      body: UpdateApiKey,
      run: (tx, _caller, { id }, input) => updateApiKey(tx, id, input),
    },
    remove: {
      summary: 'Revoke an API key',
      run: (tx, _caller, { id }) => revokeApiKey(tx, id),
    },
  })
  app.openapi(create, async (c) => {
    const caller = callerOf(c)
    const made = await deps.database.withAccount(caller.scope, async (tx) => {
      const made = await createApiKey(tx, caller, c.req.valid('json'))
      const object = { type: 'api_key', id: made.id } as const
      await audit(tx, caller, 'api_key.created', { object })
      return made
    })
    return c.json(made, 201)
  })
  return app
}
