import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Client, request, staffMember } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { type Belongings, belongingsOf, pathFor } from './belongings.ts'
import { BODIES } from './request-bodies.ts'

type Operation = { method: string; path: string; hasBody: boolean }

let service: TestService
let staff: Client
let customer: Client
let theirs: Belongings
beforeAll(async () => {
  // With a worker: some operations wait for it.
  service = await startTestService()
  staff = await staffMember(service)
  customer = await service.owner('Customer')
  theirs = await belongingsOf(service, customer)
})
afterAll(() => service.stop())

async function operations(): Promise<Operation[]> {
  type Described = { 'x-role': string; requestBody?: object }
  const { body } = await request<{ paths: Record<string, Record<string, Described>> }>(
    service.url,
    'GET',
    'openapi.json',
  )
  const all = Object.entries(body.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({
      method: method.toUpperCase(),
      path: path.replace('/api/v1/', ''),
      role: described['x-role'],
      hasBody: described.requestBody !== undefined,
    })),
  )
  // What removes comes last, and the account itself at the very end.
  const rank = ({ method, path }: Operation) =>
    method === 'DELETE' ? (path.startsWith('auth/accounts/') ? 2 : 1) : 0
  return all.filter(({ role }) => role !== 'public').sort((a, b) => rank(a) - rank(b))
}

it('answers staff who act in a customer’s account, whatever they ask for', async () => {
  const broken: string[] = []
  const named = { 'x-account-id': String(customer.accountId) }
  for (const { method, path, hasBody } of await operations()) {
    if (path.endsWith('stream/')) continue
    const name = `${method} ${path}`
    const body = hasBody ? BODIES[name]?.(theirs) : undefined
    const answer = await staff.call(method, pathFor(path, theirs), body, named)
    if (answer.status >= 500 || answer.status === 401) broken.push(`${name}: ${answer.status}`)
  }
  expect(broken).toEqual([])
})
