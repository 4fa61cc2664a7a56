import { z } from '@hono/zod-openapi'
import { accounts } from '../../db/schema/accounts.ts'
import type { Deps } from '../deps.ts'
import { notFound } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import { crud } from '../http/crud.ts'
import { callerOf, endpoint, newRouter } from '../http/endpoint.ts'
import { IdParam, jsonResponse } from '../http/schemas.ts'
import { OwnAccount } from '../identity/schemas.ts'
import { AccountQuery, getAccount, listAccounts, updateAccount } from './accounts.ts'
import { deleteAccount, restoreAccount } from './delete-account.ts'
import { exportAccount } from './export-account.ts'
import { UpdateAccount } from './schemas.ts'

const tags = ['auth']
const Confirm = z.strictObject({
  confirm: z.string().max(200).optional().openapi({ description: 'The slug of the account.' }),
})

const routes = {
  export: endpoint('owner', {
    method: 'get',
    path: '/accounts/{id}/export/',
    tags,
    summary: 'Export the account',
    description:
      'Streams a zip with one NDJSON file per table and all images. Secrets are left out. An archive with ' +
      'more than 65,535 files or 4 GB is in ZIP64 format.',
    request: { params: IdParam },
    responses: {
      200: {
        description: 'The archive.',
        content: { 'application/zip': { schema: { type: 'string', format: 'binary' } as const } },
      },
    },
  }),
  remove: endpoint('owner', {
    method: 'delete',
    path: '/accounts/{id}/',
    tags,
    summary: 'Close the account',
    description:
      'Cancels the work that has not started and revokes all API keys. The account can be read, exported and ' +
      'restored for 30 days, until `delete_after`. Then its data is erased, and its image files within a day. ' +
      'The ledger and the audit log keep who did what and what it cost, without any text. Posts in ' +
      'WordPress are not deleted.',
    request: { params: IdParam, query: Confirm },
    responses: { 200: jsonResponse('The account.', OwnAccount) },
  }),
  restore: endpoint('owner', {
    method: 'post',
    path: '/accounts/{id}/restore/',
    tags,
    summary: 'Restore a closed account',
    request: { params: IdParam },
    responses: { 200: jsonResponse('The account.', OwnAccount) },
  }),
}

/** Throws a 404 for the id of another account. */
function ownAccount(caller: Caller, id: number): Caller {
  if (id !== caller.accountId) throw notFound()
  return caller
}

export function accountRoutes(deps: Deps) {
  const app = newRouter()
  app.openapi(routes.export, async (c) => {
    const caller = ownAccount(callerOf(c), c.req.valid('param').id)
    return c.body(await exportAccount(deps, caller), 200, {
      'content-type': 'application/zip',
      'content-disposition': `attachment; filename="igny8-account-${caller.accountId}.zip"`,
    })
  })
  app.openapi(routes.remove, async (c) => {
    const caller = ownAccount(callerOf(c), c.req.valid('param').id)
    return c.json(await deleteAccount(deps, caller, c.req.valid('query').confirm), 200)
  })
  app.openapi(routes.restore, async (c) => {
    const caller = ownAccount(callerOf(c), c.req.valid('param').id)
    return c.json(await restoreAccount(deps, caller), 200)
  })
  crud(app, deps, {
    path: '/accounts/',
    tag: 'auth',
    name: 'account',
    write: 'admin',
    table: accounts,
    row: OwnAccount,
    list: {
      summary: 'List your account',
      query: AccountQuery,
      run: listAccounts,
    },
    get: getAccount,
    update: {
      summary: 'Update the account',
      description:
        'An admin can change `name`. The owner can also change `plan_id` and `owner_id`; the previous owner ' +
        'becomes an admin. Platform staff, with X-Account-Id, can also change `slug`, `status` and `stripe_customer_id`.',
      body: UpdateAccount,
      run: updateAccount,
    },
  })
  return app
}
