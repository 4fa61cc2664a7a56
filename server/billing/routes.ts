import { eq, sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { accounts } from '../../db/schema/accounts.ts'
import { credit_transactions, type TRANSACTION_KINDS } from '../../db/schema/billing.ts'
import type { Deps } from '../deps.ts'
import { callerOf, endpoint, newRouter } from '../http/endpoint.ts'
import { pageOf } from '../http/lists.ts'
import { jsonBody, jsonResponse } from '../http/schemas.ts'
import { grantByStaff } from './grant.ts'
import {
  Balance,
  NewGrant,
  Transaction,
  TransactionsByDay,
  UsageByDay,
  UsageLog,
} from './schemas.ts'
import {
  listTransactions,
  listUsage,
  TransactionByDayQuery,
  TransactionQuery,
  transactionsByDay,
  UsageByDayQuery,
  UsageQuery,
  usageByDay,
} from './usage.ts'

const tags = ['billing']
const read = { readOnly: true }

const routes = {
  balance: endpoint('viewer', {
    method: 'get',
    path: '/balance/',
    'x-mcp-tool': { name: 'get_balance' },
    tags,
    summary: 'Get the balance',
    responses: { 200: jsonResponse('The balance.', Balance) },
  }),
  transactions: endpoint('viewer', {
    method: 'get',
    path: '/transactions/',
    tags,
    summary: 'List credit transactions',
    request: { query: TransactionQuery },
    responses: { 200: jsonResponse('Transactions.', pageOf(Transaction)) },
  }),
  transactionsByDay: endpoint('viewer', {
    method: 'get',
    path: '/transactions/by_day/',
    tags,
    summary: 'Sum credit transactions by day',
    request: { query: TransactionByDayQuery },
    responses: {
      200: jsonResponse(
        'One row for each day with transactions; the last 31 days by default.',
        TransactionsByDay,
      ),
    },
  }),
  usage: endpoint('viewer', {
    method: 'get',
    path: '/usage/',
    tags,
    summary: 'List usage of AI providers',
    request: { query: UsageQuery },
    responses: { 200: jsonResponse('One row for each step that succeeded.', pageOf(UsageLog)) },
  }),
  usageByDay: endpoint('viewer', {
    method: 'get',
    path: '/usage/by_day/',
    tags,
    summary: 'Sum usage by day and operation',
    request: { query: UsageByDayQuery },
    responses: {
      200: jsonResponse(
        'One row for each day and operation with usage; the last 31 days by default.',
        UsageByDay,
      ),
    },
  }),
  grant: endpoint('staff', {
    method: 'post',
    path: '/grants/',
    tags,
    summary: 'Grant credits',
    request: jsonBody(NewGrant),
    responses: {
      200: jsonResponse('The reference was already granted; this is its transaction.', Transaction),
      201: jsonResponse('The new transaction.', Transaction),
    },
  }),
}

const total = (kind: (typeof TRANSACTION_KINDS)[number]) =>
  sql`coalesce(sum(${credit_transactions.amount}) filter
    (where ${credit_transactions.transaction_type} = ${kind}), 0)`.mapWith(Number)

export function billingRoutes(deps: Deps) {
  const app = newRouter()
  const { withAccount } = deps.database
  app.openapi(routes.balance, async (c) => {
    const { scope, accountId } = callerOf(c)
    return c.json(await withAccount(scope, (tx) => balance(tx, accountId), read), 200)
  })
  app.openapi(routes.transactions, async (c) => {
    const query = c.req.valid('query')
    const { scope } = callerOf(c)
    return c.json(
      await withAccount(scope, (tx) => listTransactions(tx, c.req.url, query), read),
      200,
    )
  })
  app.openapi(routes.transactionsByDay, async (c) => {
    const query = c.req.valid('query')
    const results = await withAccount(callerOf(c).scope, (tx) => transactionsByDay(tx, query), read)
    return c.json({ results }, 200)
  })
  app.openapi(routes.usage, async (c) => {
    const query = c.req.valid('query')
    const { scope } = callerOf(c)
    return c.json(await withAccount(scope, (tx) => listUsage(tx, c.req.url, query), read), 200)
  })
  app.openapi(routes.usageByDay, async (c) => {
    const query = c.req.valid('query')
    const results = await withAccount(callerOf(c).scope, (tx) => usageByDay(tx, query), read)
    return c.json({ results }, 200)
  })
  app.openapi(routes.grant, async (c) => {
    const { transaction, isNew } = await grantByStaff(deps, callerOf(c), c.req.valid('json'))
    return isNew ? c.json(transaction, 201) : c.json(transaction, 200)
  })
  return app
}

async function balance(tx: Tx, accountId: number) {
  const [row] = await tx
    .select({
      balance: accounts.credits,
      granted: total('grant'),
      charged: total('charge'),
      held: sql`${total('hold')} - ${total('charge')} - ${total('release')}`.mapWith(Number),
    })
    .from(accounts)
    .leftJoin(credit_transactions, eq(credit_transactions.account_id, accounts.id))
    .where(eq(accounts.id, accountId))
    .groupBy(accounts.id)
  return row!
}
