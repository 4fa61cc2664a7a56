import { expect, it } from 'vitest'
import { connect } from '../../wp-bridge/client/http/transport.ts'
import type { IntentLog } from '../../wp-bridge/client/publish/intent-log.ts'
import { ensureTerms } from '../../wp-bridge/client/publish/terms.ts'

const intentLog: IntentLog = {
  recall: () => expect.unreachable('nothing is created'),
  intend: () => expect.unreachable('nothing is created'),
  refuse: () => expect.unreachable('nothing is created'),
  withdraw: () => expect.unreachable('nothing is created'),
  record: () => expect.unreachable('nothing is created'),
}

it('leaves out a tag whose look-up a firewall refuses', async () => {
  const api = connect({
    fetch: async () => new Response('<p>Not acceptable</p>', { status: 406 }),
    restRoot: 'https://site.test/wp-json/',
    username: 'u',
    appPassword: 'p',
  })
  const context = { api, intentLog, publication: 'p', retries: 0, settleMs: 0, now: Date.now }
  expect(await ensureTerms(context, 'tags', ['union select'])).toMatchObject({
    ids: [],
    dropped: [{ name: 'union select' }],
  })
})
