import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Deps } from '../deps.ts'
import { notFound } from '../errors.ts'
import type { AppEnv } from './endpoint.ts'
import { serveProblemPages } from './problem-pages.ts'

/** The files of swagger-ui-dist that the page needs. */
export const SWAGGER_UI: Record<string, string> = {
  'swagger-ui.css': 'text/css',
  'swagger-ui-bundle.js': 'text/javascript',
}

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>igny8 API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>`
// Groups start closed, so that the page shows all of them.
const START = `SwaggerUIBundle({ url: '/api/v1/openapi.json', dom_id: '#ui', deepLinking: true, docExpansion: 'none', validatorUrl: null })`

/** Serves the OpenAPI document of all routes and a page that renders it. Returns how to build the document. */
export function serveOpenApi(app: OpenAPIHono<AppEnv>, deps: Deps) {
  app.openAPIRegistry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
  })
  const describe = () =>
    app.getOpenAPI31Document({
      openapi: '3.1.0',
      info: {
        title: 'igny8',
        version: '1',
        description:
          'igny8 turns a keyword list into published articles on your WordPress sites.\n\n' +
          'Errors are `application/problem+json`. Decide by `code`; [every code](/docs/problems) has a page that ' +
          'explains it. Every path can answer 503 with `Retry-After`: `overloaded` if the service is too busy, ' +
          '`database_unavailable` if the database cannot be reached. Repeat the request after that time. Send an ' +
          '`Idempotency-Key` with a POST, so that repeating it is safe.',
      },
      servers: [{ url: deps.settings.publicUrl() }],
    })
  // Built once, on the first request, when all routes are registered and the URL is known.
  let description: Uint8Array<ArrayBuffer> | undefined
  app.get('/api/v1/openapi.json', (c) => {
    description ??= new TextEncoder().encode(JSON.stringify(describe()))
    return c.body(description, 200, { 'content-type': 'application/json' })
  })
  app.get('/docs', (c) => c.html(PAGE))
  serveProblemPages(app)
  app.get('/docs/start.js', (c) => c.body(START, 200, { 'content-type': 'text/javascript' }))
  app.get('/docs/:asset', async (c) => {
    const name = c.req.param('asset')
    const type = SWAGGER_UI[name]
    const bytes = type ? await deps.docsAsset(name) : undefined
    if (!type || !bytes) throw notFound()
    return c.body(bytes, 200, { 'content-type': type, 'cache-control': 'public, max-age=86400' })
  })
  return describe
}
