import { html } from 'hono/html'
import type { Deps } from '../deps.ts'
import { newRouter } from '../http/endpoint.ts'
import {
  CALLBACK_PATH,
  type ConnectionOutcome,
  completeConnection,
  connectionOutcome,
} from './connect.ts'

/** A state is 43 characters; what else is longer than this is nobody's. */
const MAX_LENGTH = 500

/**
 * Where WordPress sends the browser back to, with the new application password in the address: it is
 * taken, and the browser is sent on at once to a page whose address holds no secret.
 */
export function connectPages(deps: Deps) {
  const app = newRouter()
  app.get(CALLBACK_PATH, async (c) => {
    const query = (name: string) => {
      const value = c.req.query(name)
      return value && value.length <= MAX_LENGTH && !value.includes('\0') ? value : undefined
    }
    const state = query('state') ?? ''
    const answer = { user_login: query('user_login'), password: query('password') }
    await completeConnection(deps, state, answer, c.get('requestId'))
    c.header('cache-control', 'no-store')
    return c.redirect(`${CALLBACK_PATH}/outcome?state=${encodeURIComponent(state)}`, 303)
  })
  app.get(`${CALLBACK_PATH}/outcome`, async (c) => {
    const outcome = await connectionOutcome(deps, c.req.query('state') ?? '')
    c.header('cache-control', 'no-store')
    if (outcome.state === 'checking') c.header('refresh', '1')
    return c.html(page(outcome), outcome.state === 'unknown' ? 404 : 200)
  })
  return app
}

const TITLES: Record<ConnectionOutcome['state'], string> = {
  unknown: 'This link is not known',
  open: 'WordPress has not answered yet',
  expired: 'This link has expired',
  refused: 'Nothing was linked',
  checking: 'Checking what WordPress answered…',
  linked: 'The site is linked',
  failed: 'The site could not be linked',
}
const ADVICE: Record<ConnectionOutcome['state'], string> = {
  unknown: 'Start again in igny8.',
  open: 'Approve the connection in WordPress, in the page that igny8 sent you to.',
  expired: 'It was good for half an hour. Start again in igny8.',
  refused: 'You did not approve the connection in WordPress. Start again in igny8 if you want to.',
  checking: 'This takes a few seconds.',
  linked: 'You can close this page.',
  failed: 'Mend it and start again in igny8.',
}

function page(outcome: ConnectionOutcome) {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${TITLES[outcome.state]} · igny8</title>
<style>
body { font: 1.1rem/1.6 system-ui, sans-serif; max-width: 38rem; margin: 4rem auto; padding: 0 1rem; color: #1d2430 }
</style>
</head>
<body>
<main>
<h1>${TITLES[outcome.state]}</h1>
${'wp_url' in outcome ? html`<p>${outcome.wp_url}</p><p>${outcome.message}</p>` : ''}
<p>${ADVICE[outcome.state]}</p>
</main>
</body>
</html>`
}
