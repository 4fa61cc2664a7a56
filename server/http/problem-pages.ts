import type { Hono } from 'hono'
import { html } from 'hono/html'
import { ERROR_STATUS, type ErrorCode, notFound } from '../errors.ts'
import type { AppEnv } from './endpoint.ts'
import { htmlPage } from './page.ts'
import { PROBLEM_TEXTS, type ProblemText } from './problem-catalogue.ts'

const PROBLEMS_PATH = '/docs/problems'

/** The `type` of a problem: where its code is explained. */
export function problemType(code: ErrorCode): string {
  return `${PROBLEMS_PATH}/${code}`
}

/** A page for each error code, and one that lists them all. */
export function serveProblemPages(app: Hono<AppEnv>): void {
  app.get(PROBLEMS_PATH, (c) => c.html(INDEX))
  app.get(`${PROBLEMS_PATH}/:code`, (c) => {
    const code = c.req.param('code')
    if (!isErrorCode(code)) throw notFound()
    return c.html(problemPage(code, PROBLEM_TEXTS[code]))
  })
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_STATUS, code)
}

const CODES = (Object.keys(ERROR_STATUS) as ErrorCode[]).sort()

const CSS = `:root { color-scheme: light dark }
body { max-width: 46rem; margin: 3rem auto; color: inherit }
table { border-collapse: collapse }
th, td { text-align: left; vertical-align: top; padding: .2rem .8rem .2rem 0 }`

const INDEX = layout(
  'Error codes',
  html`<p>Errors of the API are <code>application/problem+json</code> (RFC 9457). Decide by <code>code</code>;
<code>type</code> leads to one of these pages.</p>
<table>
<thead><tr><th scope="col">Code</th><th scope="col">Status</th><th scope="col">Meaning</th></tr></thead>
<tbody>
${CODES.map(
  (code) => html`<tr><td><a href="${problemType(code)}"><code>${code}</code></a></td>
<td>${ERROR_STATUS[code]}</td><td>${PROBLEM_TEXTS[code].title}</td></tr>
`,
)}</tbody>
</table>
<p><a href="/docs">API reference</a></p>`,
)

function problemPage(code: ErrorCode, { title, cause, remedy }: ProblemText) {
  return layout(
    title,
    html`<p><code>${code}</code> · HTTP ${ERROR_STATUS[code]}</p>
<h2>Cause</h2>
<p>${cause}</p>
<h2>What to do</h2>
<p>${remedy}</p>
<p><a href="${PROBLEMS_PATH}">All error codes</a> · <a href="/docs">API reference</a></p>`,
  )
}

function layout(title: string, body: ReturnType<typeof html>) {
  return htmlPage(
    `${title} · igny8`,
    html`<h1>${title}</h1>
${body}`,
    { css: CSS },
  )
}
