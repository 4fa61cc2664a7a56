import { api_keys } from '../../db/schema/identity.ts'
import type { Deps } from '../deps.ts'
import { crud } from '../http/crud.ts'
import { callerOf, endpoint, newRouter } from '../http/endpoint.ts'
import { answer, jsonBody } from '../http/schemas.ts'
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
  summary: 'Make an API key, which is shown this once',
  description:
    'Send it as `Authorization: Bearer igny8_…`. It acts as system_bot, with what an editor may do, ' +
    'on its sites (`site_ids` null or left out: all of them), and with `access` "read" only reads. ' +
    'It ends when it is revoked, at expires_at, or when the user who made it is removed, ' +
    'deactivated or put below admin.',
  'x-shows-secret': true,
  request: jsonBody(NewApiKey),
  responses: { 201: answer('The key.', ShownApiKey) },
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
      summary: 'List API keys, revoked ones too',
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
      summary: 'Revoke an API key, at once and for ever',
      run: (tx, _caller, { id }) => revokeApiKey(tx, id),
    },
  })
  app.openapi(create, async (c) => {
    const caller = callerOf(c)
    const { accountId, userId, requestId } = caller
    const made = await deps.database.withAccount(caller.scope, async (tx) => {
      const made = await createApiKey(tx, caller, c.req.valid('json'))
      const object = { type: 'api_key', id: made.id }
      await audit(tx, { accountId, userId, requestId, action: 'api_key.created', object })
      return made
    })
    return c.json(made, 201)
  })
  return app
}
