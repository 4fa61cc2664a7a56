import { html, raw } from 'hono/html'

const STYLE = `body { font: 1.1rem/1.6 system-ui, sans-serif; max-width: 38rem; margin: 4rem auto; padding: 0 1rem; color: #1d2430 }`

type Body = ReturnType<typeof html>

/** A page of the service. `css` follows the common style and is written as it is; `end` follows the content. */
export function htmlPage(
  title: string,
  content: Body,
  { css = '', end }: { css?: string; end?: Body } = {},
) {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>
${raw(STYLE)}
${raw(css)}
</style>
</head>
<body>
<main>
${content}
</main>
${end ?? ''}</body>
</html>`
}
