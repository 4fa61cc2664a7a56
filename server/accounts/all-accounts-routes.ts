import { z } from '@hono/zod-openapi'
import type { Deps } from '../deps.ts'
import { callerOf, endpoint, newRouter } from '../http/endpoint.ts'
import { pageOf } from '../http/lists.ts'
import { jsonResponse } from '../http/schemas.ts'
import { OwnAccount } from '../identity/schemas.ts'
import { audit } from '../observability/audit.ts'
import { AllAccountsQuery, listAllAccounts } from './all-accounts.ts'

const AnyAccount = OwnAccount.extend({ owner_email: z.string().nullable() }).openapi('AnyAccount')

const list = endpoint('staff', {
  method: 'get',
  path: '/all_accounts/',
  tags: ['auth'],
  summary: 'List all accounts',
  description:
    'Use it to find the account to name in X-Account-Id. `search` matches names, slugs and the email addresses of owners. Each request is recorded in the audit log.',
  request: { query: AllAccountsQuery },
  responses: { 200: jsonResponse('Accounts.', pageOf(AnyAccount)) },
})

export function allAccountsRoutes({ database }: Deps) {
  const app = newRouter()
  app.openapi(list, async (c) => {
    const caller = callerOf(c)
    const page = await database.withStaff(caller.scope, async (tx) => {
      await audit(tx, caller, 'platform.accounts_listed')
      return listAllAccounts(tx, c.req.url, c.req.valid('query'))
    })
    return c.json(page, 200)
  })
  return app
}
