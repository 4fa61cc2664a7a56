import { getTableColumns, or, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Tx } from '../../db/database.ts'
import { ACCOUNT_STATUSES, accounts } from '../../db/schema/accounts.ts'
import { contains, equalTo, listPage, listQuery } from '../http/lists.ts'
import { queryId } from '../http/schemas.ts'

// Written out because drizzle omits the table name from columns in a select from one table.
const owner_email = sql<string | null>`(select email from users where users.id = accounts.owner_id)`

const ORDERINGS = { created_at: accounts.created_at, name: accounts.name }
export const AllAccountsQuery = listQuery(ORDERINGS, {
  status: z.enum(ACCOUNT_STATUSES).optional(),
  plan_id: queryId.optional(),
})

/** Lists all accounts, searched by name, slug and the owner's email address. For platform staff only. */
export function listAllAccounts(tx: Tx, url: string, query: z.infer<typeof AllAccountsQuery>) {
  const { search, status, plan_id } = query
  return listPage(tx, {
    url,
    query,
    orderings: ORDERINGS,
    defaultOrdering: '-created_at',
    from: accounts,
    rows: tx
      .select({ ...getTableColumns(accounts), owner_email: owner_email.as('owner_email') })
      .from(accounts)
      .$dynamic(),
    where: [
      or(
        contains(accounts.name, search),
        contains(accounts.slug, search),
        contains(owner_email, search),
      ),
      ...equalTo(accounts, { status, plan_id }),
    ],
  })
}
