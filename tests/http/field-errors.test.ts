import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'

let service: TestService
let owner: Client
beforeAll(async () => {
  service = await startTestService({ role: 'api' })
  owner = await service.owner()
})
afterAll(() => service.stop())

type Problem = { errors: { path: string; message: string }[] }

const NEW_USER = { email: 'ann@example.test', password: 'a long password', role: 'editor' }
const NEW_KEYWORD = { site_id: 1, sector_id: 1, keyword: 'tea' }

it.each<[string, object, string]>([
  ['auth/users/', { ...NEW_USER, password: 'short' }, 'password must have at least 10 characters'],
  ['auth/users/', { ...NEW_USER, email: 'ann' }, 'email must be an email address'],
  [
    'auth/users/',
    { ...NEW_USER, role: 'boss' },
    'role must be one of owner, admin, editor, viewer',
  ],
  ['auth/users/', { ...NEW_USER, password: undefined }, 'password is required'],
  ['auth/users/', { ...NEW_USER, first_name: 1 }, 'first_name must be text'],
  ['auth/users/', { ...NEW_USER, age: 1 }, 'age is not a known field'],
  ['auth/sites/', { name: '' }, 'name must not be empty'],
  ['auth/sites/', { name: 'x'.repeat(201) }, 'name must have at most 200 characters'],
  [
    'auth/sites/',
    { name: 'x', domain: 'x' },
    'domain must be a web address, such as https://example.com',
  ],
  ['auth/sites/', { name: 'x', is_active: 'yes' }, 'is_active must be true or false'],
  ['planner/keywords/', { ...NEW_KEYWORD, volume: -1 }, 'volume must be at least 0'],
  ['planner/keywords/', { ...NEW_KEYWORD, difficulty: 101 }, 'difficulty must be at most 100'],
  ['planner/keywords/', { ...NEW_KEYWORD, volume: 1.5 }, 'volume must be a whole number'],
  ['planner/keywords/bulk_delete/', { ids: [] }, 'ids must not be empty'],
  ['planner/keywords/bulk_delete/', { ids: 1 }, 'ids must be a list'],
])('POST %s of %j says: %s', async (path, body, sentence) => {
  const answer = await owner.post<Problem>(path, body)
  expect(answer.status).toBe(400)
  const [error] = answer.body.errors
  expect(`${error!.path} ${error!.message}`).toBe(sentence)
})

it('names invalid query parameters', async () => {
  const query = 'created_after=yesterday&page_size=201'
  const { body } = await owner.get<Problem>(`auth/audit_log/?${query}`)
  expect(body.errors.map(({ path, message }) => `${path} ${message}`).sort()).toEqual([
    'created_after must be a time with an offset, such as 2026-01-31T00:00:00Z',
    'page_size must be at most 200',
  ])
})
