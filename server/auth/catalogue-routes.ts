import { eq } from 'drizzle-orm'
import { plans } from '../../db/schema/auth.ts'
import type { Deps } from '../deps.ts'
import { callerOf, endpoint, newRouter } from '../http/endpoint.ts'
import { contains, listAnswer, listPage, listQuery } from '../http/lists.ts'
import { answer } from '../http/schemas.ts'
import { Plan } from './schemas.ts'

const ORDERINGS = { id: plans.id, name: plans.name }

const list = endpoint('viewer', {
  method: 'get',
  path: '/plans/',
  tags: ['auth'],
  summary: 'What can be booked',
  request: { query: listQuery(ORDERINGS, {}) },
  responses: { 200: answer('Plans.', listAnswer(Plan)) },
})

/** The platform's own rows, which every account reads. */
export function catalogueRoutes({ doors }: Deps) {
  const app = newRouter()
  app.openapi(list, async (c) => {
    const query = c.req.valid('query')
    const page = await doors.withAccount(
      callerOf(c).scope,
      (tx) =>
        listPage(tx, {
          url: c.req.url,
          query,
          orderings: ORDERINGS,
          defaultOrdering: 'id',
          from: plans,
          rows: tx.select().from(plans).$dynamic(),
          where: [eq(plans.is_active, true), contains(plans.name, query.search)],
        }),
      { readOnly: true },
    )
    return c.json(page, 200)
  })
  return app
}
