import { eq, getTableColumns, sql } from 'drizzle-orm'
import { industries, type industry_sectors, plans } from '../../db/schema/auth.ts'
import type { Deps } from '../deps.ts'
import { callerOf, endpoint, newRouter } from '../http/endpoint.ts'
import { contains, listAnswer, listPage, listQuery } from '../http/lists.ts'
import { answer } from '../http/schemas.ts'
import { Industry, Plan } from './schemas.ts'

const tags = ['auth']
const ORDERINGS = {
  plans: { id: plans.id, name: plans.name },
  industries: { name: industries.name },
}

const routes = {
  plans: endpoint('viewer', {
    method: 'get',
    path: '/plans/',
    tags,
    summary: 'What can be booked',
    request: { query: listQuery(ORDERINGS.plans, {}) },
    responses: { 200: answer('Plans.', listAnswer(Plan)) },
  }),
  industries: endpoint('viewer', {
    method: 'get',
    path: '/industries/',
    tags,
    summary: 'Industries with their sectors',
    request: { query: listQuery(ORDERINGS.industries, {}) },
    responses: { 200: answer('Industries.', listAnswer(Industry)) },
  }),
}

// Spelled out: in a select from one table drizzle leaves the table's name off its columns.
const sectorsOfIndustry = sql<(typeof industry_sectors.$inferSelect)[]>`(
  select coalesce(json_agg(s order by s.name), '[]') from industry_sectors s
  where s.industry_id = industries.id)`.as('sectors')

/** The platform's own rows, which every account reads. */
export function catalogueRoutes({ doors }: Deps) {
  const app = newRouter()
  const read = { readOnly: true }
  app.openapi(routes.plans, async (c) => {
    const query = c.req.valid('query')
    const list = await doors.withAccount(
      callerOf(c).scope,
      (tx) =>
        listPage(tx, {
          url: c.req.url,
          query,
          orderings: ORDERINGS.plans,
          defaultOrdering: 'id',
          from: plans,
          rows: tx.select().from(plans).$dynamic(),
          where: [eq(plans.is_active, true), contains(plans.name, query.search)],
        }),
      read,
    )
    return c.json(list, 200)
  })
  app.openapi(routes.industries, async (c) => {
    const query = c.req.valid('query')
    const selection = { ...getTableColumns(industries), sectors: sectorsOfIndustry }
    const list = await doors.withAccount(
      callerOf(c).scope,
      (tx) =>
        listPage(tx, {
          url: c.req.url,
          query,
          orderings: ORDERINGS.industries,
          defaultOrdering: 'name',
          from: industries,
          rows: tx.select(selection).from(industries).$dynamic(),
          where: [eq(industries.is_active, true), contains(industries.name, query.search)],
        }),
      read,
    )
    return c.json(list, 200)
  })
  return app
}
