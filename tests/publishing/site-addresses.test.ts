import { afterAll, beforeAll, expect, it } from 'vitest'
import { siteBridgeKeysContext } from '../../server/publishing/site-secrets.ts'
import { openSecrets } from '../../server/security/secrets.ts'
import { newKey } from '../../wp-bridge/client/http/sign.ts'
import type { Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { type StandInWordPress, startStandInWordPress } from '../helpers/stand-in-wordpress.ts'
import { type Place, writeArticles } from './linked-blog.ts'
import { signedCall } from './signed-call.ts'

type Task = { status: string; assigned_post_id: number; post_url: string; publication_key: string }

let site: StandInWordPress
let service: TestService
let owner: Client
let place: Place
beforeAll(async () => {
  site = await startStandInWordPress()
  service = await startTestService({ allowPrivateSites: [site.host], settleMs: 1_000 })
  owner = await service.owner()
  const { id } = (await owner.post<{ id: number }>('auth/sites/', { name: 'Blog' })).body
  const linked = await owner.call('PUT', `auth/sites/${id}/wordpress/`, {
    wp_url: site.url,
    wp_username: 'editor',
    wp_app_password: 'abcd efgh ijkl mnop qrst uvwx',
  })
  expect(linked.status, JSON.stringify(linked.body)).toBe(200)
  const sector = await owner.post<{ id: number }>('auth/sectors/', { site_id: id, name: 'Tea' })
  place = { site_id: id, sector_id: sector.body.id }
})
afterAll(async () => {
  await service?.stop()
  await site?.stop()
})

const taskOf = async (id: number) => (await owner.get<Task>(`writer/tasks/${id}/`)).body
async function publish(title: string) {
  const [id] = await writeArticles(owner, place, [title], { images_per_task: 2 })
  return { id: id!, run: await owner.run('writer/tasks/publish/', { ids: [id] }) }
}

it('publishes to a site that returns relative addresses', async () => {
  site.addressWith('')
  const { id, run } = await publish('Relative tea')
  expect(run.state, JSON.stringify(run)).toBe('SUCCESS')
  const task = await taskOf(id)
  expect(task).toMatchObject({ status: 'completed', post_url: `${site.url}/relative-tea/` })
  const contents = site.requests.map(({ body }) => String(body.content ?? ''))
  expect(contents.join()).toContain(`<img src="${site.url}/f.webp"`)

  const key = newKey()
  const secrets = await openSecrets(['a key that only the tests of this project ever use'])
  const sealedAt = siteBridgeKeysContext(owner.accountId, place.site_id)
  const sealed = await secrets.seal(
    sealedAt,
    JSON.stringify([{ key, until: null, since: Date.now() }]),
  )
  await service.sql`update sites set wp_bridge_keys = ${sealed} where id = ${place.site_id}`
  const now = new Date().toISOString()
  const moved = {
    type: 'post.permalink_changed',
    timestamp: now,
    data: {
      key: task.publication_key,
      post_id: task.assigned_post_id,
      wp_status: 'publish',
      post_url: '/2026/relative-tea/',
      as_of: now,
    },
  }
  const taken = await signedCall(service, `bridge/${place.site_id}/events/`, moved, { key })
  expect(taken).toMatchObject({ status: 200 })
  expect((await taskOf(id)).post_url).toBe(`${site.url}/2026/relative-tea/`)
})

it('fails with the reason when an address is not http or https', async () => {
  site.addressWith('javascript:alert(1)')
  const { run } = await publish('Scripted tea')
  expect(run).toMatchObject({ state: 'FAILURE', error: { code: 'unexpected_answer' } })
})
