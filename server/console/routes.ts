import { sql } from 'drizzle-orm'
import { html } from 'hono/html'
import type { Deps } from '../deps.ts'
import { newRouter } from '../http/endpoint.ts'
import { htmlPage } from '../http/page.ts'
import { INVITATION, INVITATION_SCRIPT, linkPage, PASSWORD, PASSWORD_SCRIPT } from './link-pages.ts'

/** The home page, the pages of links, and the health checks. */
export function consoleRoutes(deps: Deps) {
  const app = newRouter()
  app.get('/', (c) => c.html(HOME))
  const script = { 'content-type': 'text/javascript' }
  app.get('/invitation', (c) => c.html(linkPage(INVITATION)))
  app.get('/invitation.js', (c) => c.body(INVITATION_SCRIPT, 200, script))
  app.get('/password', (c) => c.html(linkPage(PASSWORD)))
  app.get('/password.js', (c) => c.body(PASSWORD_SCRIPT, 200, script))
  app.get('/healthz', (c) => c.json({ status: 'ok' }))
  app.get('/readyz', async (c) => {
    await deps.database.withPlatform('measure', (tx) => tx.execute(sql`select 1`))
    return c.json({ status: 'ready' })
  })
  return app
}

const HOME = htmlPage(
  'igny8',
  html`<h1>igny8</h1>
<p>igny8 turns a keyword list into published articles on your WordPress sites: it groups keywords into
clusters, proposes article ideas, writes the articles with images, and publishes them.</p>
<ul>
<li><a href="/docs">API reference</a></li>
<li><a href="/api/v1/openapi.json">OpenAPI 3.1 document</a></li>
<li><a href="/docs/problems">Error codes</a></li>
<li>Status: <a href="/healthz">process</a>, <a href="/readyz">database</a></li>
</ul>
<p>Start with <code>POST /api/v1/auth/register/</code>.</p>`,
  {
    css: `a { color: #0b5cad }
code { background: #eef1f5; padding: .1em .3em; border-radius: 3px }`,
  },
)
