import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Client, type Json, staffMember } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'

type Plan = Json & { id: number; slug: string }
let service: TestService
let owner: Client
let staff: Client

beforeAll(async () => {
  service = await startTestService()
  owner = await service.owner()
  staff = await staffMember(service)
})
afterAll(() => service.stop())

const LIMITS = {
  ...{ max_users: 2, max_sites: 2, max_keywords: 100, max_clusters: 10, max_content_ideas: 10 },
  ...{ daily_cluster_limit: 5, monthly_cluster_ai_credits: 100, daily_content_tasks: 5 },
  ...{ daily_ai_requests: 50, monthly_word_count_limit: 10_000, monthly_content_ai_credits: 100 },
  ...{ monthly_image_count: 50, daily_image_generation_limit: 10, monthly_image_ai_credits: 50 },
  max_images_per_task: 2,
}

it('lets platform staff change plans and everybody read them', async () => {
  const made = await staff.post<Plan>('auth/plans/', {
    ...{ name: 'Tailored', price: '12.50', billing_cycle: 'annual', features: ['One of a kind'] },
    ...{ credits_per_month: 70, extra_credit_price: '0.0125', image_model_choices: ['local'] },
    ...LIMITS,
  })
  expect(made).toMatchObject({
    status: 201,
    body: { slug: 'tailored', effective_credits: 70, included_credits: null, price: '12.50' },
  })
  const path = `auth/plans/${made.body.id}/`
  const changed = await staff.call('PATCH', path, { included_credits: 90, max_sites: 7 })
  expect(changed.body).toMatchObject({ effective_credits: 90, max_sites: 7 })
  expect((await owner.get(path)).body).toMatchObject({ name: 'Tailored', max_sites: 7 })
  expect((await owner.call('PATCH', path, { max_sites: 9 })).status).toBe(403)
  expect((await owner.post('auth/plans/', { name: 'Mine', ...LIMITS })).status).toBe(403)
  expect((await owner.call('DELETE', path)).status).toBe(403)
  expect((await staff.call('DELETE', path)).status).toBe(204)
})

it.each([
  [{ max_users: 0 }, 'max_users'],
  [{ max_sites: -1 }, 'max_sites'],
  [{ price: '12.345' }, 'price'],
  [{ price: 'free' }, 'price'],
  [{ billing_cycle: 'weekly' }, 'billing_cycle'],
  [{ features: 'many' }, 'features'],
  [{ max_images_per_task: 11 }, 'max_images_per_task'],
  [{ daily_image_generation_limit: 51 }, 'daily_image_generation_limit'],
  [{ monthly_image_ai_credits: 9 }, 'monthly_image_ai_credits'],
  [{ slug: 'Not A Slug' }, 'slug'],
  [{ unknown: 1 }, 'unknown'],
])('a plan with %o is refused', async (fields, path) => {
  const answer = await staff.post('auth/plans/', { name: 'Wrong', ...LIMITS, ...fields })
  expect(answer.status).toBe(400)
  expect(answer.body.errors).toMatchObject([{ path: expect.stringMatching(`^${path}`) }])
})

it('refuses to delete a plan that is in use, and a slug that is taken', async () => {
  const { results } = (await owner.get<{ results: Plan[] }>('auth/plans/')).body
  const free = results.find(({ slug }) => slug === 'free')!
  expect(await staff.call('DELETE', `auth/plans/${free.id}/`)).toMatchObject({
    status: 409,
    body: { code: 'wrong_state' },
  })
  const taken = await staff.post('auth/plans/', { name: 'Other', slug: 'free', ...LIMITS })
  expect(taken).toMatchObject({ status: 409, body: { code: 'already_exists' } })
  const hidden = await staff.post<Plan>('auth/plans/', {
    name: 'Hidden',
    is_active: false,
    ...LIMITS,
  })
  const listed = (await owner.get<{ results: Plan[] }>('auth/plans/?page_size=200')).body.results
  expect(listed.map(({ id }) => id)).not.toContain(hidden.body.id)
})
