import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { type Belongings, BODIES, belongingsOf, pathFor } from './belongings.ts'

const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000)

let service: TestService
let owner: Client
let mine: Belongings
beforeAll(async () => {
  service = await startTestService({ role: 'api' })
  owner = await service.owner('Hostile')
  mine = await belongingsOf(service, owner)
})
afterAll(() => service.stop())

const nasty = fc.oneof(
  fc.constantFrom<unknown>(
    ...['', ' ', '\0', '\ud800', '%', '_', '\\', "'; drop table sites; --", '{{7*7}}', '__proto__'],
    ...[0, -1, 1.5, 2 ** 31, 2 ** 53, 1e308, true, null, [], {}, [[]], [null], ['x'], [1, 1]],
    ...['9'.repeat(400), 'x'.repeat(100_000), '2026-02-30T00:00:00Z', 'ⅷ', '\u202e', 'http://['],
    JSON.parse('{"__proto__":{"admin":true},"constructor":1}'),
  ),
  fc.jsonValue({ maxDepth: 4 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
)

/** A body that fits, with some of its fields replaced and others added. */
function spoiled(body: unknown): fc.Arbitrary<unknown> {
  if (body instanceof FormData || typeof body !== 'object' || body === null) return nasty
  const fields = Object.keys(body)
  return fc
    .tuple(
      fc.dictionary(fc.constantFrom(...fields, 'extra', '__proto__'), nasty),
      nasty,
      fc.boolean(),
    )
    .map(([changes, other, whole]) => (whole ? other : { ...body, ...changes }))
}

async function expectNoFailure(method: string, path: string, body?: unknown): Promise<void> {
  const answer = await owner.call(method, path, body)
  const said = `${method} ${path} ${JSON.stringify(body)?.slice(0, 300)} → ${answer.status}`
  expect(answer.status, said).toBeLessThan(500)
  if (answer.status >= 400) {
    expect(answer.headers.get('content-type'), said).toBe('application/problem+json')
  }
}

/** They end the session that the others need, or reach out. */
const LEFT_OUT = [
  'POST auth/change_password/',
  'PUT auth/sites/{id}/wordpress/',
  'POST system/settings/integrations/{type}/generate_image/',
]

describe(`hostile input is a problem of its sender's (seed ${SEED})`, () => {
  const operations = Object.keys(BODIES).filter((name) => !LEFT_OUT.includes(name))
  it.each(operations)('%s', async (name) => {
    const [method, path] = name.split(' ') as [string, string]
    await fc.assert(
      fc.asyncProperty(spoiled(BODIES[name]!(mine)), (body) =>
        expectNoFailure(method, pathFor(path, mine), body === undefined ? null : body),
      ),
      { seed: SEED, numRuns: 25 },
    )
  })

  const LISTS: Record<string, string[]> = {
    'auth/sites/': [
      'search',
      'ordering',
      'cursor',
      'page',
      'page_size',
      'industry_id',
      'is_active',
    ],
    'planner/keywords/': [
      'search',
      'ordering',
      'cursor',
      'page',
      'cluster_id',
      'volume_min',
      'status',
    ],
    'planner/clusters/': ['search', 'ordering', 'cursor', 'site_id'],
    'planner/ideas/': ['search', 'ordering', 'cursor', 'keyword_cluster_id'],
    'writer/tasks/': ['search', 'ordering', 'cursor', 'cluster_id', 'status'],
    'writer/images/': ['ordering', 'cursor', 'task_id'],
    'billing/transactions/': ['ordering', 'cursor', 'run_id'],
  }
  it.each(Object.keys(LISTS))('GET %s', async (path) => {
    const parameter = fc.tuple(fc.constantFrom(...LISTS[path]!), nasty)
    await fc.assert(
      fc.asyncProperty(fc.array(parameter, { maxLength: 3 }), async (parameters) => {
        const query = new URLSearchParams(
          parameters.map(([name, value]) => [name, String(value).slice(0, 2_000)]),
        )
        await expectNoFailure('GET', `${path}?${query}`)
      }),
      { seed: SEED, numRuns: 60 },
    )
  })

  it('a cursor that was tampered with', async () => {
    const values = ['', 'x', '2026-01-01', "'", null, 1, -1, 1e300, {}, [], true, '\0']
    const orderings: Record<string, string[]> = {
      'planner/keywords/': ['created_at', '-volume', 'difficulty'],
      'planner/clusters/': ['name', '-created_at', 'volume', '-keywords_count'],
      'writer/tasks/': ['title', 'created_at', '-word_count', 'status'],
      'auth/sites/': ['name', '-created_at'],
    }
    for (const [path, fields] of Object.entries(orderings)) {
      for (const ordering of fields) {
        for (const value of values) {
          for (const id of [1, -1, 2 ** 53, 'x', null]) {
            const cursor = Buffer.from(JSON.stringify([ordering, value, id])).toString('base64url')
            await expectNoFailure('GET', `${path}?ordering=${ordering}&cursor=${cursor}`)
          }
        }
      }
    }
  })
})
