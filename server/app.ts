import type { OpenAPIHono } from '@hono/zod-openapi'
import type { MiddlewareHandler } from 'hono'
import { requestId } from 'hono/request-id'
import { secureHeaders } from 'hono/secure-headers'
import { authRoutes } from './auth-routes.ts'
import { billingRoutes } from './billing/routes.ts'
import { consoleRoutes } from './console/routes.ts'
import type { Deps } from './deps.ts'
import { DomainError, notFound } from './errors.ts'
import { authorProfileRoutes } from './guidance/author-profile-routes.ts'
import { promptRoutes } from './guidance/prompt-routes.ts'
import { strategyRoutes } from './guidance/strategy-routes.ts'
import { allowOrigins } from './http/cors.ts'
import { type AppEnv, newRouter } from './http/endpoint.ts'
import { idempotency } from './http/idempotency.ts'
import { measure, metricsRoutes } from './http/measure.ts'
import { serveOpenApi } from './http/openapi.ts'
import { answerError } from './http/problem.ts'
import { limitAccounts, limitAddresses } from './http/rate-limit.ts'
import { authenticate } from './identity/authenticate.ts'
import { passwordsOutside } from './identity/bounded-passwords.ts'
import { integrationRoutes } from './integrations/integration-routes.ts'
import { type Api, mcpRoutes } from './mcp/routes.ts'
import { mediaRoutes } from './media/routes.ts'
import { plannerRoutes } from './planner/routes.ts'
import { bridgeRoutes } from './publishing/bridge-routes.ts'
import { connectPages } from './publishing/connect-pages.ts'
import { internalLinkRoutes } from './publishing/internal-link-routes.ts'
import { siteLink } from './publishing/link.ts'
import { publishingRoutes } from './publishing/routes.ts'
import { quoteRoutes } from './quote-routes.ts'
import { runRoutes } from './runs/run-routes.ts'
import { writerRoutes } from './writer/routes.ts'

/** The paths that authenticate their caller. */
const API = ['/api/*', '/mcp']
const SYSTEM = [runRoutes, integrationRoutes, promptRoutes, authorProfileRoutes, strategyRoutes]
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
/** Pages run only scripts of this origin. Swagger UI sets inline styles. */
const HEADERS: Parameters<typeof secureHeaders>[0] = {
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'", "'unsafe-inline'"],
    imgSrc: ["'self'", 'data:'],
    connectSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
  },
  // No includeSubDomains: igny8 does not know whether the operator's subdomains serve TLS.
  strictTransportSecurity: 'max-age=15552000',
}

/** The HTTP API. Nothing in its import graph needs Node; what needs it is passed in `deps`. */
export function createApp(given: Deps): OpenAPIHono<AppEnv> {
  const deps = { ...given, passwords: passwordsOutside(given.database, given.passwords) }
  const app = newRouter({ getPath: canonicalPath })
  app.use(requestId({ limitLength: 100 }))
  app.use(secureHeaders(HEADERS))
  app.use(logRequests(deps))
  app.use(measure(deps))
  app.use(allowOrigins(deps.settings.corsOrigins))
  for (const path of [...API, '/docs/*']) app.use(path, limitAddresses(deps))
  app.onError(answerError(deps.logger))
  app.notFound((c) => {
    throw methodNotAllowed(app, c.req.path) ?? notFound()
  })
  for (const path of API) {
    app.use(path, keepOutOfCaches)
    app.use(path, authenticate(deps))
    app.use(path, limitAccounts(deps))
  }
  const once = idempotency(deps)
  app.use('/api/*', async (c, next) => {
    c.set('idempotency', once)
    await next()
  })
  app.route('/', consoleRoutes(deps))
  app.route('/', connectPages(deps))
  app.route('/', metricsRoutes(deps))
  app.route('/media', mediaRoutes(deps))
  app.route('/api/v1/auth', authRoutes(deps, siteLink(deps)))
  app.route('/api/v1', publishingRoutes(deps))
  app.route('/api/v1', bridgeRoutes(deps))
  app.route('/api/v1', internalLinkRoutes(deps))
  app.route('/api/v1/planner', plannerRoutes(deps))
  app.route('/api/v1/writer', writerRoutes(deps))
  for (const routes of SYSTEM) app.route('/api/v1/system', routes(deps))
  app.route('/api/v1/billing', billingRoutes(deps))
  app.route('/api/v1/billing', quoteRoutes(deps))
  const description = serveOpenApi(app, deps)
  const request: Api['request'] = async (path, init, env) => app.request(path, init, env as object)
  app.route('/', mcpRoutes(deps, { description: description as Api['description'], request }))
  return app
}

/** Every path works with and without a trailing slash: routes below /api/ are declared with one, others without. */
function canonicalPath(request: Request): string {
  const { pathname } = new URL(request.url)
  const bare = pathname.length > 1 ? pathname.replace(/\/$/, '') : pathname
  return bare.startsWith('/api/') && !bare.endsWith('.json') ? `${bare}/` : bare
}

const keepOutOfCaches: MiddlewareHandler<AppEnv> = async (c, next) => {
  c.header('cache-control', 'no-store')
  await next()
}

/** The 405 for a path that exists with other methods; undefined when it exists with none. */
function methodNotAllowed(app: OpenAPIHono<AppEnv>, path: string): DomainError | undefined {
  const allow = METHODS.filter((method) =>
    app.router.match(method, path)[0].some(([[, route]]) => route.method === method),
  )
  if (allow.length === 0) return undefined
  return new DomainError(
    'method_not_allowed',
    `This path does not support the method. Use ${allow.join(', ')}.`,
    {
      headers: { allow: allow.join(', ') },
    },
  )
}

function logRequests({ logger }: Deps): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const began = performance.now()
    await next()
    logger.info(
      {
        request_id: c.get('requestId'),
        method: c.req.method,
        // Without the query string, which may contain secrets.
        path: c.req.path,
        status: c.res.status,
        ms: Math.round(performance.now() - began),
        account_id: c.get('caller')?.accountId,
      },
      'request',
    )
  }
}
