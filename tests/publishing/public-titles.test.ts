import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { type StandInWordPress, startStandInWordPress } from '../helpers/stand-in-wordpress.ts'

let site: StandInWordPress
let service: TestService
let owner: Client
let place: { site_id: number; sector_id: number }
beforeAll(async () => {
  site = await startStandInWordPress()
  service = await startTestService({ allowPrivateSites: [site.host], settleMs: 1_000 })
  owner = await service.owner()
  const blog = { name: 'Blog', requires_approval: true }
  const site_id = (await owner.post<{ id: number }>('auth/sites/', blog)).body.id
  const linked = await owner.call('PUT', `auth/sites/${site_id}/wordpress/`, {
    wp_url: site.url,
    wp_username: 'editor',
    wp_app_password: 'abcd efgh ijkl mnop qrst uvwx',
  })
  expect(linked.status, JSON.stringify(linked.body)).toBe(200)
  const sector = await owner.post<{ id: number }>('auth/sectors/', { site_id, name: 'Tea' })
  place = { site_id, sector_id: sector.body.id }
})
afterAll(async () => {
  await service?.stop()
  await site?.stop()
})

const created = async (path: string, body: object) => {
  const answer = await owner.post<{ id: number }>(path, { ...place, ...body })
  expect(answer.status, JSON.stringify(answer.body)).toBe(201)
  return answer.body.id
}
const approve = async (id: number) =>
  expect((await owner.post('writer/tasks/approve/', { ids: [id] })).body).toEqual({ approved: 1 })
const publish = async (id: number, more: object = {}) => {
  const run = await owner.run('writer/tasks/publish/', { ids: [id], ...more })
  expect(run.state, JSON.stringify(run)).toBe('SUCCESS')
}
const lastContent = () =>
  String(site.requests.findLast(({ body }) => body.content !== undefined)!.body.content)

it('are what pages link with, until a new title is approved and published', async () => {
  const cluster_id = await created('planner/clusters/', { name: 'Teas' })
  const article = { cluster_id, status: 'draft', html_content: '<p>Nothing to link.</p>' }
  const hub = await created('writer/tasks/', {
    ...article,
    title: 'All teas',
    slug: 'all-teas',
    content_structure: 'cluster_hub',
  })
  const page = await created('writer/tasks/', { ...article, title: 'Green', slug: 'green' })
  for (const id of [hub, page]) {
    await approve(id)
    await publish(id)
  }
  expect(lastContent()).toContain('>All teas</a>')

  const renamed = await owner.call('PATCH', `writer/tasks/${hub}/`, { title: 'Not approved' })
  expect(renamed.status).toBe(200)
  await publish(page)
  expect(lastContent()).toContain('>All teas</a>')
  await publish(hub, { status: 'draft' })
  await publish(page)
  expect(lastContent()).toContain('>All teas</a>')

  await approve(hub)
  await publish(hub)
  await publish(page)
  expect(lastContent()).toContain('>Not approved</a>')
})
