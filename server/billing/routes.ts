import { z } from '@hono/zod-openapi'
import { eq, sql } from 'drizzle-orm'
import { createSelectSchema } from 'drizzle-zod'
import { accounts } from '../../db/schema/auth.ts'
import { credit_transactions, TRANSACTION_KINDS } from '../../db/schema/billing.ts'
import type { Deps } from '../deps.ts'
import { callerOf, endpoint, newRouter } from '../http/endpoint.ts'
import { equalTo, listAnswer, listPage, listQuery } from '../http/lists.ts'
import { answer, queryId, time } from '../http/schemas.ts'

const tags = ['billing']
const read = { readOnly: true }

const Balance = z
  .object({ balance: z.int(), granted: z.int(), charged: z.int(), held: z.int() })
  .openapi('Balance', { description: 'In credits: balance = granted − charged − held.' })
const Transaction = createSelectSchema(credit_transactions, { created_at: time }).openapi(
  'CreditTransaction',
)
const ORDERINGS = { created_at: credit_transactions.created_at, amount: credit_transactions.amount }

const routes = {
  balance: endpoint('viewer', {
    method: 'get',
    path: '/balance/',
    tags,
    summary: 'What may still be spent',
    responses: { 200: answer('The balance.', Balance) },
  }),
  transactions: endpoint('viewer', {
    method: 'get',
    path: '/transactions/',
    tags,
    summary: 'The ledger',
    request: {
      query: listQuery(ORDERINGS, {
        transaction_type: z.enum(TRANSACTION_KINDS).optional(),
        run_id: queryId.optional(),
      }),
    },
    responses: { 200: answer('Transactions.', listAnswer(Transaction)) },
  }),
}

const total = (kind: (typeof TRANSACTION_KINDS)[number]) =>
  sql<number>`coalesce(sum(${credit_transactions.amount}) filter
    (where ${credit_transactions.transaction_type} = ${kind}), 0)::int`

export function billingRoutes({ doors }: Deps) {
  const app = newRouter()
  app.openapi(routes.balance, async (c) => {
    const { scope, accountId } = callerOf(c)
    const row = await doors.withAccount(
      scope,
      async (tx) => {
        const [found] = await tx
          .select({
            balance: accounts.credits,
            granted: total('grant'),
            charged: total('charge'),
            held: sql<number>`${total('hold')} - ${total('charge')} - ${total('release')}`,
          })
          .from(accounts)
          .leftJoin(credit_transactions, eq(credit_transactions.account_id, accounts.id))
          .where(eq(accounts.id, accountId))
          .groupBy(accounts.id)
        return found!
      },
      read,
    )
    return c.json(row, 200)
  })
  app.openapi(routes.transactions, async (c) => {
    const query = c.req.valid('query')
    const { transaction_type, run_id } = query
    const list = await doors.withAccount(
      callerOf(c).scope,
      (tx) =>
        listPage(tx, {
          url: c.req.url,
          query,
          orderings: ORDERINGS,
          defaultOrdering: '-created_at',
          from: credit_transactions,
          rows: tx.select().from(credit_transactions).$dynamic(),
          where: equalTo(credit_transactions, { transaction_type, run_id }),
        }),
      read,
    )
    return c.json(list, 200)
  })
  return app
}
