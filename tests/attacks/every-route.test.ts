import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, addUser, type Client, request, staffMember } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { type Belongings, belongingsOf, pathFor } from './belongings.ts'
import { bodyFor, named, type Operation, readOperations } from './operations.ts'
import { BODIES } from './request-bodies.ts'

let service: TestService
let owner: Client
let stranger: Client
let staff: Client
let mine: Belongings
let theirs: Belongings
let operations: Operation[]
beforeAll(async () => {
  service = await startTestService({ role: 'api' })
  owner = await service.owner('Mine')
  stranger = await service.owner('Theirs')
  staff = await staffMember(service)
  mine = await belongingsOf(service, owner)
  theirs = await belongingsOf(service, stranger)
  operations = await readOperations(service.url)
})
afterAll(() => service.stop())

/** What the whole account has, of which no site has any. */
const OF_NO_SITE = /^(system\/(prompts|author_profiles)|auth\/(accounts|industries|plans))\//

/** What staff alone write is the platform's, and no account's. */
const THE_PLATFORMS = /^auth\/(industries|plans)\//
const tenantsOwn = () =>
  protectedOnes().filter(({ role, path }) => role !== 'staff' && !THE_PLATFORMS.test(path))
const protectedOnes = () => operations.filter(({ role }) => role !== 'public')
/** Who may call it at least in an account of their own. */
const callerFor = ({ role }: Operation) => (role === 'staff' ? staff : owner)

describe('every operation of openapi.json', () => {
  it('says who may call it, and has a body here when it takes one', () => {
    expect(operations.length).toBeGreaterThan(50)
    const told: Record<string, string> = { public: 'Needs no authentication' }
    const untold = operations.filter(
      ({ role, description }) => !role || !description.includes(told[role] ?? role),
    )
    expect(untold.map(named)).toEqual([])
    const missing = operations.filter((one) => one.hasBody && !BODIES[named(one)])
    expect(missing.map(named)).toEqual([])
  })

  it('answers 401 without a token and with one that is not ours', async () => {
    for (const operation of protectedOnes()) {
      const path = pathFor(operation.path, mine)
      const body = bodyFor(operation, mine)
      const none = await request(service.url, operation.method, path, body)
      expect(none.status, named(operation)).toBe(401)
      const wrong = await request(service.url, operation.method, path, body, {
        authorization: 'Bearer wrong',
      })
      expect(wrong.status, named(operation)).toBe(401)
    }
  })

  it('answers 403 to a role that is too low', async () => {
    const viewer = await addUser(owner, 'viewer', [mine.site])
    const editor = await addUser(owner, 'editor', [mine.site])
    for (const operation of protectedOnes()) {
      const lower =
        operation.role === 'editor' ? viewer : operation.role === 'viewer' ? undefined : editor
      if (!lower) continue
      const answer = await lower.call(
        operation.method,
        pathFor(operation.path, mine),
        bodyFor(operation, mine),
      )
      expect([answer.status, answer.body.code], named(operation)).toEqual([
        403,
        'permission_denied',
      ])
    }
  })

  it("answers another account's id and a missing one with the same bytes, and changes nothing", async () => {
    const before = await snapshot(stranger.accountId)
    for (const operation of tenantsOwn().filter(({ path }) => path.includes('{'))) {
      if (operation.path.includes('{type}')) continue
      const absent = { ...theirs, ...absentIds(theirs) }
      const body = bodyFor(operation, mine)
      const other = await owner.call(operation.method, pathFor(operation.path, theirs), body)
      const missing = await owner.call(operation.method, pathFor(operation.path, absent), body)
      expect(other.status, named(operation)).toBe(404)
      expect(withoutRequestId(other), named(operation)).toEqual(withoutRequestId(missing))
    }
    expect(await snapshot(stranger.accountId)).toEqual(before)
  })

  it("does nothing to another account's ids in a body", async () => {
    const before = await snapshot(stranger.accountId)
    for (const operation of protectedOnes().filter(
      (one) => one.hasBody && !one.path.includes('{'),
    )) {
      const answer = await owner.call(operation.method, operation.path, bodyFor(operation, theirs))
      expect(answer.status, named(operation)).toBeLessThan(500)
      expect(JSON.stringify(answer.body), named(operation)).not.toContain('Theirs')
    }
    expect(await snapshot(stranger.accountId)).toEqual(before)
  })

  it('shows nothing of another account in any list or object', async () => {
    for (const operation of protectedOnes().filter(({ method }) => method === 'GET')) {
      // Where staff look up which account to name: every account is what it shows.
      if (operation.path === 'auth/all_accounts/') continue
      if (operation.path.endsWith('stream/')) continue
      const answer = await callerFor(operation).call('GET', pathFor(operation.path, mine))
      // The doctor has nothing to examine: no site here is linked.
      expect(answer.status, named(operation)).toBe(operation.path.endsWith('doctor/') ? 409 : 200)
      expect(JSON.stringify(answer.body), named(operation)).not.toContain('Theirs')
    }
  })

  it('hides a site that an editor was not granted', async () => {
    const editor = await addUser(owner, 'editor')
    const seen = protectedOnes().filter(
      ({ role, path }) => (role === 'viewer' || role === 'editor') && !OF_NO_SITE.test(path),
    )
    for (const operation of seen.filter(({ path }) => path.includes('{'))) {
      const answer = await editor.call(
        operation.method,
        pathFor(operation.path, mine),
        bodyFor(operation, mine),
      )
      expect(answer.status, named(operation)).toBe(404)
    }
  })

  it('refuses a malformed body with a 400 that says why', async () => {
    const malformed: unknown[] = [
      '{',
      '',
      '[]',
      '"text"',
      'null',
      '{"ids":"x"}',
      '{"unknown_field":1}',
    ]
    for (const operation of operations.filter(({ hasBody }) => hasBody)) {
      for (const body of malformed) {
        const path = pathFor(operation.path, mine)
        const answer = await callerFor(operation).call(operation.method, path, body)
        expect(answer.status, `${named(operation)} ${body}`).toBe(400)
        expect(answer.headers.get('content-type')).toBe('application/problem+json')
      }
    }
  })

  it('refuses invalid ids', async () => {
    for (const operation of protectedOnes().filter(({ path }) => path.includes('{'))) {
      for (const id of ['0', '-1', 'x', '1.5', '9'.repeat(30), '%00', "1'--"]) {
        const path = operation.path.replaceAll(/\{\w+\}/g, id)
        const body = bodyFor(operation, mine)
        const answer = await callerFor(operation).call(operation.method, path, body)
        expect([400, 404], `${named(operation)} ${id}`).toContain(answer.status)
      }
    }
  })
})

it('answers an unknown path as a problem', async () => {
  const answer = await owner.get('nothing/here/')
  expect([answer.status, answer.body.code]).toEqual([404, 'not_found'])
  expect(answer.body.request_id).toBe(answer.headers.get('x-request-id'))
})

function withoutRequestId({ status, body }: Answer) {
  return { status, body: { ...body, request_id: '' } }
}

function absentIds(belongings: Belongings): Belongings {
  return Object.fromEntries(
    Object.keys(belongings).map((name) => [name, 900_000_000]),
  ) as unknown as Belongings
}

/** Everything that an account has, as the database holds it. */
async function snapshot(accountId: number): Promise<unknown> {
  const tables = await service.sql<{ name: string }[]>`
    select table_name as name from information_schema.columns
    where table_schema = 'public' and column_name = 'account_id' order by 1`
  const rows: Record<string, unknown> = {}
  for (const { name } of tables) {
    rows[name] = (
      await service.sql`select coalesce(json_agg(t order by t::text), '[]') as rows
        from ${service.sql(name)} t where account_id = ${accountId}`
    )[0]!.rows
  }
  return rows
}
