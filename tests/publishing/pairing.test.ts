import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { siteBridgeKeysContext } from '../../server/publishing/site-secrets.ts'
import { openSecrets } from '../../server/security/secrets.ts'
import { type Client, staffMember } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { installBridge } from '../wordpress/bridge.ts'
import { startWordPress, type WordPress } from '../wordpress/wordpress.ts'
import { linkedBlog, type Place } from './linked-blog.ts'
import { signedCall } from './signed-call.ts'

type Key = { key: string; until: number | null }

let wordpress: WordPress
let service: TestService
let owner: Client
let place: Place
beforeAll(async () => {
  wordpress = await startWordPress()
  await installBridge(wordpress.root, wordpress.php)
  service = await startTestService({ allowPrivateSites: [new URL(wordpress.url).host] })
})
beforeEach(async () => {
  owner = await service.owner()
  place = await linkedBlog(owner, wordpress)
})
afterAll(async () => {
  await service?.stop()
  await wordpress?.stop()
})

/** The keys that the service has, and those that WordPress has, newest first. */
async function ours(): Promise<Key[]> {
  const [site] = await service.sql`select wp_bridge_keys from sites where id = ${place.site_id}`
  if (site!.wp_bridge_keys === null) return []
  const secrets = await openSecrets(['a key that only the tests of this project ever use'])
  const sealedAt = siteBridgeKeysContext(owner.accountId, place.site_id)
  return JSON.parse(await secrets.open(sealedAt, site!.wp_bridge_keys))
}
const theirs = async (): Promise<Key[]> =>
  JSON.parse(await wordpress.php('echo json_encode(get_option("igny8_bridge_pairing")["keys"]);'))
const inUse = (keys: Key[]) => keys.filter(({ until }) => until === null)
async function expectAgreement(): Promise<string> {
  const [our, their] = [await ours(), await theirs()]
  expect(inUse(our).map(({ key }) => key)).toEqual([their[0]!.key])
  return our[0]!.key
}
const examine = () =>
  owner.get<{ healthy: boolean }>(`auth/sites/${place.site_id}/wordpress/doctor/`)
const link = () =>
  owner.call<{ plugin: string }>('PUT', `auth/sites/${place.site_id}/wordpress/`, {
    wp_url: wordpress.url,
    wp_username: wordpress.user,
    wp_app_password: wordpress.appPassword,
  })
/** Answers requests to a route of the plugin's with this, before WordPress acts on them or after. */
const break503 = (route: string, when: 'before' | 'after') =>
  wordpress.addMuPlugin({
    name: 'broken',
    php: `<?php add_filter('${when === 'before' ? 'rest_pre_dispatch' : 'rest_post_dispatch'}', function ($result, $server, $request) {
      if ('/igny8/v1/${route}' !== $request->get_route()) return $result;
      status_header(503); exit('broken');
    }, 10, 3);`,
  })
const mend = () => wordpress.removeMuPlugin('broken')
const post = (path: string, body: object, key: string, id?: string) =>
  signedCall(service, `bridge/${place.site_id}/${path}/`, body, { key, id })

describe('the plugin of a site', () => {
  it('keeps its key when the site is checked, and gets a new one when it is linked again', async () => {
    const key = await expectAgreement()
    expect((await examine()).body.healthy).toBe(true)
    expect(await expectAgreement()).toBe(key)
    expect((await link()).body.plugin).toBe('paired')
    expect(await expectAgreement()).not.toBe(key)
  })

  it.each(['status', 'pairing'])('stays paired when its %s fails with a 503', async (route) => {
    const key = await expectAgreement()
    await break503(route, 'before')
    try {
      await examine()
    } finally {
      await mend()
    }
    expect(await expectAgreement()).toBe(key)
    expect((await post('overview', {}, key)).status).toBe(200)
  })

  it('gets one key from two parallel pairings', async () => {
    for (let n = 0; n < 3; n++) {
      await Promise.all([link(), examine(), link()])
      await expectAgreement()
    }
  })

  it.each(['webhook', 'examination'])(
    'settles by the next %s on a key whose taking was not told',
    async (exchange) => {
      const before = await expectAgreement()
      await break503('pairing', 'after')
      try {
        expect((await link()).body.plugin).toBe('failed')
      } finally {
        await mend()
      }
      const [newest] = await theirs()
      expect(newest!.key).not.toBe(before)
      expect(inUse(await ours()).map(({ key }) => key)).toEqual([newest!.key, before])
      if (exchange === 'examination') await examine()
      else expect((await post('overview', {}, newest!.key)).status).toBe(200)
      expect(await expectAgreement()).toBe(newest!.key)
      expect((await post('overview', {}, before)).status).toBe(200)
    },
  )

  it('gets a new key when the service has lost the old one', async () => {
    const lost = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
    await wordpress.php(`$pairing = get_option('igny8_bridge_pairing');
      $pairing['since'] += 1; $pairing['keys'][0]['key'] = '${lost}';
      update_option('igny8_bridge_pairing', $pairing);`)
    await examine()
    expect(await expectAgreement()).not.toBe(lost)
  })
})

describe('events of the plugin', () => {
  async function task() {
    const { body } = await owner.post<{ id: number; publication_key: string }>('writer/tasks/', {
      ...place,
      title: 'Told of',
    })
    await service.sql`update tasks set status = 'completed', wp_status = 'publish', assigned_post_id = 7,
      post_url = 'https://blog.example/told' where id = ${body.id}`
    const event = (wp_status: string, seconds: number) => {
      const at = new Date(Date.now() - 60_000 + 1000 * seconds).toISOString()
      const key = body.publication_key
      const data = { key, post_id: 7, wp_status, post_url: null, as_of: at }
      return { type: 'post.status_changed', timestamp: at, data }
    }
    const status = async () =>
      (await owner.get<{ wp_status: string }>(`writer/tasks/${body.id}/`)).body.wp_status
    return { event, status, id: body.id }
  }

  it('applies events by the time at which the plugin read the post, not by arrival', async () => {
    const { event, status } = await task()
    const [{ key }] = (await ours()) as [Key]
    expect((await post('events', event('draft', 10), key)).status).toBe(200)
    expect((await post('events', event('publish', 5), key)).status).toBe(200)
    expect(await status()).toBe('draft')
    expect((await post('events', event('pending', 11), key)).status).toBe(200)
    expect(await status()).toBe('pending')
  })

  it('refuses actions in a closed account, and still applies events of its posts', async () => {
    const { event, status, id } = await task()
    const [{ key }] = (await ours()) as [Key]
    const staff = await staffMember(service)
    await service.sql`update accounts set status = 'suspended' where id = ${owner.accountId}`
    for (const action of [
      { action: 'publish', task_id: id, updated_at: new Date().toISOString(), user: 'ed' },
      { action: 'examine', user: 'ed' },
    ]) {
      const { status, body } = await post('actions', action, key)
      expect([status, body.code]).toEqual([403, 'account_suspended'])
    }
    expect((await post('events', event('draft', 1), key)).status).toBe(200)
    const seen = await staff.call<{ approved_at: null }>('GET', `writer/tasks/${id}/`, undefined, {
      'x-account-id': String(owner.accountId),
    })
    expect(seen.body.approved_at).toBe(null)
    await service.sql`update accounts set status = 'active' where id = ${owner.accountId}`
    expect(await status()).toBe('draft')
  })
})

it('starts pairing by staff in a customer’s account with one click', async () => {
  const staff = await staffMember(service)
  const { status, body } = await staff.call<{ authorize_url: string }>(
    'POST',
    `auth/sites/${place.site_id}/wordpress/connect/`,
    { wp_url: wordpress.url },
    { 'x-account-id': String(owner.accountId) },
  )
  expect([status, body]).toMatchObject([200, { authorize_url: expect.any(String) }])
})
