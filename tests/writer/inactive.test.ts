import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Client, Json } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { addCluster, addKeywords, balance, newDraft, newPlace, newTask } from './place.ts'

let service: TestService
let owner: Client
beforeAll(async () => {
  service = await startTestService({ role: 'api' })
  owner = await service.owner()
})
afterAll(() => service?.stop())

/** Each operation with a body for a place that has all it needs. */
async function operations(): Promise<{ place: Json; bodies: Record<string, object> }> {
  const place = await newPlace(owner)
  await service.sql`update sites set wp_url = 'http://127.0.0.1:1' where id = ${place.site_id}`
  const ids = await addKeywords(service, owner, place, ['drip coffee', 'filter coffee'])
  const cluster = await addCluster(service, owner, place, 'Filter')
  const queued = await newTask(owner, place)
  const draft = await newDraft(owner, place)
  return {
    place,
    bodies: {
      'planner/keywords/auto_cluster/': { ...place, ids },
      'planner/clusters/auto_generate_ideas/': { ids: [cluster] },
      'writer/tasks/auto_generate_content/': { ids: [queued.id] },
      'writer/tasks/auto_generate_images/': { ids: [draft.id] },
      'writer/tasks/publish/': { ids: [draft.id] },
      'planner/keywords/import_gsc/': { ...place, property: 'sc-domain:example.com' },
    },
  }
}

it.each([
  ['sites', 'site_id', { status: 'suspended' }, 'suspended'],
  ['sites', 'site_id', { is_active: false }, 'inactive'],
  ['sectors', 'sector_id', { is_active: false }, 'inactive'],
])('no work is begun in one of the %s whose %s says %j', async (kind, id, change, word) => {
  const { place, bodies } = await operations()
  const before = await balance(owner)
  const path = `auth/${kind}/${place[id]}/`
  expect((await owner.call('PATCH', path, change)).status).toBe(200)
  for (const [operation, body] of Object.entries(bodies)) {
    const refused = await owner.post(operation, body)
    expect(refused, operation).toMatchObject({ status: 409, body: { code: 'wrong_state' } })
    expect(String(refused.body.detail)).toContain(`is ${word}. Activate it`)
  }
  expect(await balance(owner)).toEqual(before)
  await owner.call('PATCH', path, { is_active: true })
  const { 'planner/keywords/import_gsc/': _needsAGrant, ...others } = bodies
  const accepted = Object.entries(others).filter(([name]) => !name.endsWith('/publish/'))
  for (const [operation, body] of accepted) {
    expect((await owner.post(operation, body)).status, operation).toBe(202)
  }
})

it('what is planned there is still changed, and not quoted', async () => {
  const { place, bodies } = await operations()
  await owner.call('PATCH', `auth/sites/${place.site_id}/`, { is_active: false })
  expect((await owner.post('planner/keywords/', { ...place, keyword: 'new' })).status).toBe(201)
  const quote = await owner.post('billing/quote/', {
    operation: 'auto_cluster',
    request: bodies['planner/keywords/auto_cluster/'],
  })
  expect(quote.status).toBe(409)
})
