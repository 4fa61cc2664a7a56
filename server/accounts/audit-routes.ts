import type { Deps } from '../deps.ts'
import { callerOf, endpoint, newRouter } from '../http/endpoint.ts'
import { pageOf } from '../http/lists.ts'
import { jsonResponse } from '../http/schemas.ts'
import { AuditQuery, listAuditLog } from './audit-log.ts'
import { AuditEntry } from './schemas.ts'

const list = endpoint('admin', {
  method: 'get',
  path: '/audit_log/',
  tags: ['auth'],
  summary: 'List the audit log',
  description:
    'What was done in the account, and by whom. Entries are never changed. `detail` of an update has the names ' +
    'of the changed fields. `user_id` is null if an API key (`api_key_id`) or the service itself acted. ' +
    '`platform.request` is a request that platform staff made in this account.',
  request: { query: AuditQuery },
  responses: { 200: jsonResponse('Entries.', pageOf(AuditEntry)) },
})

export function auditRoutes({ database }: Deps) {
  const app = newRouter()
  app.openapi(list, async (c) => {
    const query = c.req.valid('query')
    const read = { readOnly: true }
    const { scope } = callerOf(c)
    const page = await database.withAccount(scope, (tx) => listAuditLog(tx, c.req.url, query), read)
    return c.json(page, 200)
  })
  return app
}
