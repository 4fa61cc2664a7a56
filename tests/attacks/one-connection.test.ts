import { hash, verify } from '@node-rs/argon2'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { addUser, type Client, PASSWORD, request, staffMember } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { type Belongings, belongingsOf, pathFor } from './belongings.ts'
import { bodyFor, named, type Operation, readOperations } from './operations.ts'

/** Longer than any endpoint waits for the worker. */
const DEADLINE_MS = 45_000
const REMOVES = /^DELETE |bulk_delete|\/cancel\/$/
/** With these goes what the others remove. */
const REMOVES_ALL = /^DELETE auth\/(accounts|sites|users)\/\{id\}\/$/

let service: TestService
let owner: Client
let staff: Client
let mine: Belongings
let operations: Operation[]
beforeAll(async () => {
  service = await startTestService({ poolSize: 1 })
  owner = await service.owner('Mine')
  staff = await staffMember(service)
  mine = await belongingsOf(service, owner)
  // Its stream is followed to the end.
  await service.sql`update runs set state = 'SUCCESS' where id = ${mine.run}`
  const order = (one: Operation) => {
    if (REMOVES_ALL.test(named(one))) return 3
    if (REMOVES.test(named(one))) return 2
    return one.method === 'GET' ? 0 : 1
  }
  operations = (await readOperations(service.url)).sort((a, b) => order(a) - order(b))
})
afterAll(() => service.stop())

/** Where a body of `BODIES` would be refused before the work that matters here. */
const BETTER: Record<string, () => unknown> = {
  'POST auth/register/': () => ({
    email: `${crypto.randomUUID()}@example.test`,
    password: PASSWORD,
    account_name: 'x',
  }),
  'POST auth/login/': () => ({ email: owner.email, password: PASSWORD }),
  'POST auth/change_password/': () => ({ old_password: PASSWORD, new_password: PASSWORD }),
}

async function call(operation: Operation, headers: Record<string, string>) {
  const { token } = operation.role === 'staff' ? staff : owner
  const body = BETTER[named(operation)]?.() ?? bodyFor(operation, mine)
  const late = Promise.withResolvers<never>()
  const patience = setTimeout(
    () => late.reject(new Error(`${named(operation)} was not answered in ${DEADLINE_MS} ms`)),
    DEADLINE_MS,
  )
  const answered = request(service.url, operation.method, pathFor(operation.path, mine), body, {
    authorization: `Bearer ${token}`,
    ...headers,
  })
  return Promise.race([answered, late.promise]).finally(() => clearTimeout(patience))
}

it('carries out every operation over one connection, with an Idempotency-Key and without', async () => {
  const wrong: [string, number, unknown][] = []
  for (const operation of operations) {
    const headers = operation.method === 'POST' ? [{ 'idempotency-key': crypto.randomUUID() }] : []
    for (const one of [...headers, {}]) {
      const { status, body } = await call(operation, one as Record<string, string>)
      if (status >= 500) wrong.push([named(operation), status, body])
    }
  }
  expect(wrong).toEqual([])
}, 600_000)

it('holds no connection while a password is hashed or checked, with an Idempotency-Key and without', async () => {
  let begins = async () => {}
  const passwords = {
    hash: async (password: string) => begins().then(() => hash(password)),
    verify: async (known: string, password: string) => begins().then(() => verify(known, password)),
  }
  const api = await startTestService({ role: 'api', api: 'node', poolSize: 1, passwords })
  const email = () => `${crypto.randomUUID()}@example.test`
  type Body = (by: Client) => object | Promise<object>
  const sent: [string, Body][] = [
    ['auth/login/', (by) => ({ email: by.email, password: PASSWORD })],
    ['auth/login/', (by) => ({ email: by.email, password: 'a guess' })],
    ['auth/register/', () => ({ email: email(), password: PASSWORD, account_name: 'x' })],
    ['auth/users/', () => ({ email: email(), password: PASSWORD, role: 'viewer' })],
    ['auth/change_password/', () => ({ old_password: 'a guess', new_password: PASSWORD })],
    ['auth/change_password/', () => ({ old_password: PASSWORD, new_password: PASSWORD })],
    [
      'auth/invitations/accept/',
      async (by) => {
        const invited = { email: email(), role: 'viewer' }
        const { body } = await by.post<{ token: string }>('auth/invitations/', invited)
        return { token: body.token, password: PASSWORD }
      },
    ],
    [
      'auth/reset_password/',
      async (by) => {
        const { userId } = await addUser(by, 'viewer')
        const { body } = await by.post<{ token: string }>(`auth/users/${userId}/password_link/`)
        return { token: body.token, password: PASSWORD }
      },
    ],
  ]
  try {
    for (const [path, body] of sent) {
      const keys: Record<string, string>[] = [{}, { 'idempotency-key': crypto.randomUUID() }]
      for (const headers of keys) {
        const by = await api.owner()
        const more = await body(by)
        let seen = 0
        begins = async () => {
          seen++
          // A reader's connection goes back soon after its answer.
          await expect
            .poll(() => api.database.connectionsInUse(), { message: path, timeout: 10_000 })
            .toBe(0)
        }
        const authorization = `Bearer ${by.token}`
        const answer = await request(api.url, 'POST', path, more, { authorization, ...headers })
        begins = async () => {}
        expect(answer.status, path).toBeLessThan(500)
        expect(seen, path).toBeGreaterThan(0)
      }
    }
  } finally {
    await api.stop()
  }
})
