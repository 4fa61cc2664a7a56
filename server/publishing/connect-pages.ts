import { html } from 'hono/html'
import type { Deps } from '../deps.ts'
import { newRouter } from '../http/endpoint.ts'
import { htmlPage } from '../http/page.ts'
import {
  CALLBACK_PATH,
  type ConnectionOutcome,
  completeConnection,
  connectionOutcome,
} from './connect.ts'

/** The longest query value that is accepted; a state has 43 characters. */
const MAX_LENGTH = 500

/**
 * The callback of WordPress, whose URL contains the new application password. It redirects at once to a
 * page whose URL contains no secret.
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
    return c.html(connectPage(outcome), outcome.state === 'unknown' ? 404 : 200)
  })
  return app
}

const TITLES: Record<ConnectionOutcome['state'], string> = {
  unknown: 'Unknown link',
  open: 'WordPress has not answered yet',
  expired: 'This link has expired',
  refused: 'The site was not connected',
  checking: 'Checking the connection…',
  linked: 'The site is connected',
  failed: 'The site could not be connected',
}
const ADVICE: Record<ConnectionOutcome['state'], string> = {
  unknown: 'Start the connection again in igny8.',
  open: 'Approve the connection on the WordPress page that igny8 opened.',
  expired: 'A link is valid for 30 minutes. Start the connection again in igny8.',
  refused:
    'You did not approve the connection in WordPress. To connect the site, start again in igny8.',
  checking: 'This takes a few seconds.',
  linked: 'You can close this page.',
  failed: 'Fix the problem and start the connection again in igny8.',
}

function connectPage(outcome: ConnectionOutcome) {
  const title = TITLES[outcome.state]
  return htmlPage(
    `${title} · igny8`,
    html`<h1>${title}</h1>
${'wp_url' in outcome ? html`<p>${outcome.wp_url}</p><p>${outcome.message}</p>` : ''}
<p>${ADVICE[outcome.state]}</p>`,
  )
}
