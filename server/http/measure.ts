import { z } from '@hono/zod-openapi'
import { inArray, sql } from 'drizzle-orm'
import type { Context, MiddlewareHandler } from 'hono'
import { matchedRoutes } from 'hono/route'
import { OPEN_STATES, run_steps } from '../../db/schema/runs.ts'
import type { Deps } from '../deps.ts'
import { type AppEnv, callerOf, endpoint, newRouter } from './endpoint.ts'
import { jsonResponse, time } from './schemas.ts'

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** Measures each request. Platform staff also get the times in a Server-Timing header. */
export function measure({ metrics, database }: Deps): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const began = performance.now()
    const { tally, answered } = metrics.begin(c.env)
    await database.countQueries(tally, next)
    const caller = c.get('caller')
    if (caller?.isStaff) {
      const total = (performance.now() - began).toFixed(1)
      const db = `db;dur=${tally.ms.toFixed(1)};desc="${tally.queries} queries"`
      c.header('server-timing', `total;dur=${total}, ${db}`)
    }
    answered({
      request_id: c.get('requestId'),
      account_id: caller?.accountId ?? null,
      method: METHODS.has(c.req.method) ? c.req.method : 'other',
      route: routeOf(c),
      status: c.res.status,
    })
  }
}

/** The route's pattern, because a counter per path would grow without limit. */
function routeOf(c: Context<AppEnv>): string {
  const handler = matchedRoutes(c).findLast(({ method }) => method !== 'ALL')
  return handler ? handler.path.replaceAll(/:(\w+)/g, '{$1}') : 'none'
}

const Measured = z
  .object({
    process: z.object({
      cpu_user_s: z.number(),
      cpu_system_s: z.number(),
      rss_bytes: z.int(),
      heap_bytes: z.int(),
    }),
    requests: z.array(
      z.object({
        at: time,
        request_id: z.string(),
        account_id: z.int().nullable(),
        method: z.string(),
        route: z.string(),
        status: z.int(),
        ms: z.number(),
        queries: z.int(),
        query_ms: z.number(),
        bytes_in: z.int(),
        bytes_out: z.int(),
      }),
    ),
  })
  .openapi('Measured')

const recent = endpoint('staff', {
  method: 'get',
  path: '/api/v1/system/metrics/',
  tags: ['system'],
  summary: 'List recent requests with their cost',
  description:
    'The last thousand requests to this process, newest first. `ms` is the time to the last byte; `queries` ' +
    'and `query_ms` are the statements sent to the database and the time spent waiting for them; `bytes_in` ' +
    'and `bytes_out` are the sizes of the bodies. CPU and memory are those of the whole process.',
  responses: { 200: jsonResponse('The measurements.', Measured) },
})

/** `/metrics` for Prometheus, without account ids, and the recent requests for platform staff. */
export function metricsRoutes({ metrics, database }: Deps) {
  const app = newRouter()
  const queued = () =>
    database.withPlatform('measure', (tx) =>
      tx
        .select({ kind: run_steps.kind, state: run_steps.state, count: sql<number>`count(*)::int` })
        .from(run_steps)
        .where(inArray(run_steps.state, OPEN_STATES))
        .groupBy(run_steps.kind, run_steps.state),
    )
  app.get('/metrics', async (c) => {
    const { text, contentType } = await metrics.exposition(await queued())
    return c.body(text, 200, { 'content-type': contentType })
  })
  app.openapi(recent, async (c) => {
    // Checks in the database that the caller is still staff: nothing else here would.
    await database.withStaff(callerOf(c).scope, async () => {})
    return c.json({ process: metrics.process(), requests: metrics.recent() }, 200)
  })
  return app
}
