import { accounts } from '../../db/schema/auth.ts'
import type { Deps } from '../deps.ts'
import { crud } from '../http/crud.ts'
import { newRouter } from '../http/endpoint.ts'
import { AccountQuery, getAccount, listAccounts, updateAccount } from './accounts.ts'
import { OwnAccount, UpdateAccount } from './schemas.ts'

export function accountRoutes(deps: Deps) {
  const app = newRouter()
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
