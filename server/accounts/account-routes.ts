import { z } from '@hono/zod-openapi'
import { accounts } from '../../db/schema/accounts.ts'
import type { Deps } from '../deps.ts'
import { notFound } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import { crud } from '../http/crud.ts'
import { callerOf, endpoint, newRouter } from '../http/endpoint.ts'
import { answer, IdParam } from '../http/schemas.ts'
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
    summary: 'Everything of the account as a zip: NDJSON a table, and the images',
    description:
      'Without secrets. It is read as it is sent, whatever its size: a reader may be slow. An archive of ' +
      'more than 65,535 files or 4 GB is a ZIP64 one, which most programs open.',
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
    summary: 'Close the account, to be erased after 30 days',
    description:
      'What has not begun is cancelled; API keys end. It can be read, exported and restored until ' +
      'delete_after. Then all of it is erased, its image files within a day; of the ledger and the audit log who ' +
      'did what and what it cost stays, without any text. Posts in WordPress stay.',
    request: { params: IdParam, query: Confirm },
    responses: { 200: answer('The account.', OwnAccount) },
  }),
  restore: endpoint('owner', {
    method: 'post',
    path: '/accounts/{id}/restore/',
    tags,
    summary: 'Open an account again that was closed',
    request: { params: IdParam },
    responses: { 200: answer('The account.', OwnAccount) },
  }),
}

/** Throws a 404 for another account's id. */
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
      summary: 'The account you act in, as a list of one',
      query: AccountQuery,
      run: listAccounts,
    },
    get: getAccount,
    update: {
      summary: 'Change the account',
      description:
        'An admin changes its name; an owner also plan_id and owner_id, by which the owner before ' +
        "becomes an admin; the platform's staff, by X-Account-Id, also slug, status and stripe_customer_id.",
      body: UpdateAccount,
      run: updateAccount,
    },
  })
  return app
}
