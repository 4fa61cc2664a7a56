import { expect, test } from 'vitest'
import { z } from 'zod'
import { createEgress, type Egress } from '../../server/egress/egress.ts'
import { connect, type Fetch } from '../../wp-bridge/client/http/transport.ts'
import { egressWith, serve } from './calls.ts'

/** Creates a post at a site, and returns the error. */
function createAt(origin: string, fetch: Fetch): Promise<unknown> {
  const credentials = { username: 'u', appPassword: 'p' }
  const api = connect({ fetch, restRoot: `${origin}/wp-json/`, ...credentials })
  return api.create('wp/v2/posts', z.object({}), {}).catch((error: unknown) => error)
}

const within = (egress: Egress, timeoutMs: number) => {
  const limited: Fetch = (url, init) => egress.fetch(url, { ...init, timeoutMs })
  return limited
}

test('reports an unknown outcome for a create that times out after it was sent', async () => {
  const server = await serve(() => {})
  const error = await createAt(
    `http://${server.hostPort}`,
    within(egressWith([server.hostPort]), 200),
  )
  expect(error).toMatchObject({ code: 'egress_timeout', outcome: 'unknown', retryable: true })
})

test('reports that a create was not done when it times out before it was sent', async () => {
  const egress = createEgress({ allowPrivate: [], resolve: () => new Promise(() => undefined) })
  const error = await createAt('https://slow.test', within(egress, 100))
  expect(error).toMatchObject({ code: 'egress_timeout', outcome: 'not_done', retryable: true })
})

test('refuses a response past the byte limit with a code and a remedy', async () => {
  const server = await serve((_, response) => response.end('x'.repeat(11 * 1024 * 1024)))
  const error = await createAt(
    `http://${server.hostPort}`,
    within(egressWith([server.hostPort]), 30_000),
  )
  expect(error).toMatchObject({
    code: 'egress_too_large',
    outcome: 'unknown',
    retryable: false,
    remedy: 'Check that the address is right.',
  })
})
