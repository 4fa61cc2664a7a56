import { z } from '@hono/zod-openapi'
import { count as countRows, eq, sql } from 'drizzle-orm'
import { createSelectSchema } from 'drizzle-zod'
import { accounts } from '../../db/schema/auth.ts'
import { credit_transactions, TRANSACTION_KINDS } from '../../db/schema/billing.ts'
import type { Deps } from '../deps.ts'
import { callerOf, endpoint, newRouter } from '../http/endpoint.ts'
import { listAnswer, listPage, listQuery } from '../http/lists.ts'
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
        listPage({
          url: c.req.url,
          query,
          orderings: ORDERINGS,
          defaultOrdering: '-created_at',
          id: credit_transactions.id,
          where: [
            transaction_type
              ? eq(credit_transactions.transaction_type, transaction_type)
              : undefined,
            run_id ? eq(credit_transactions.run_id, run_id) : undefined,
          ],
          rows: ({ where, orderBy, limit, offset }) =>
            tx
              .select()
              .from(credit_transactions)
              .where(where)
              .orderBy(...orderBy)
              .limit(limit)
              .offset(offset),
          count: async (where) =>
            (await tx.select({ n: countRows() }).from(credit_transactions).where(where))[0]!.n,
        }),
      read,
    )
    return c.json(list, 200)
  })
  return app
}
