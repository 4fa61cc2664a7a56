import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Deps } from '../../server/deps.ts'
import { DomainError } from '../../server/errors.ts'
import { boundedPasswords } from '../../server/identity/bounded-passwords.ts'
import { changePassword } from '../../server/identity/change-password.ts'
import { signIn } from '../../server/identity/sign-in.ts'
import { type Client, PASSWORD, request } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'

let service: TestService
let user: Client
beforeAll(async () => {
  const config = { trustedProxies: ['127.0.0.0/8'] }
  service = await startTestService({ role: 'api', api: 'node', config })
})
afterAll(() => service.stop())
beforeEach(async () => {
  await service.sql`delete from login_attempts`
  user = await service.owner()
})

const post = (address: string, path: string, body: object, headers: object = {}) =>
  request(service.url, 'POST', path, body, { 'x-forwarded-for': address, ...headers })
const logIn = (address: string, password = PASSWORD, email = user.email) =>
  post(address, 'auth/login/', { email, password })

async function fail(times: number, addressOf: (n: number) => string): Promise<void> {
  const tries = Array.from({ length: times }, (_, n) => logIn(addressOf(n), 'a guess'))
  for (const { status } of await Promise.all(tries)) expect(status).toBe(401)
}

it('locks out the network that guesses, but not the user elsewhere', async () => {
  await fail(10, () => '198.51.100.7')
  const refused = await logIn('198.51.100.7')
  expect([refused.status, refused.body.code]).toEqual([429, 'too_many_attempts'])
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect((await logIn('198.51.100.8')).status).toBe(200)
})

it('counts all addresses of a /64 as one', async () => {
  await fail(10, (n) => `2001:db8::${n + 1}`)
  expect((await logIn('2001:db8::ffff:1:2:3')).status).toBe(429)
  expect((await logIn('2001:db8:0:1::1')).status).toBe(200)
})

it('stops a network that tries many email addresses, without a row for each', async () => {
  await logIn('198.51.100.7', 'a guess', 'somebody@example.test')
  await service.sql`update login_attempts set failures = 100`
  const rows = async () => (await service.sql`select from login_attempts`).count
  const before = await rows()
  const refused = await logIn('198.51.100.7', PASSWORD, 'another@example.test')
  expect(refused.status).toBe(429)
  expect(await rows()).toBe(before)
})

it('lets a user in from where they signed in before, however many fail there and elsewhere', async () => {
  expect((await logIn('203.0.113.5')).status).toBe(200)
  await logIn('203.0.113.5', 'a guess', 'somebody@example.test')
  await service.sql`update login_attempts set failures = 5000 where failures > 0`
  await service.sql`update login_attempts set failures = 5000
    where window_ends_at < now() + interval '1 hour'`
  expect((await logIn('203.0.113.5', 'a guess', 'another@example.test')).status).toBe(429)
  expect((await logIn('203.0.113.5')).status).toBe(200)
})

it('slows down attempts with one email address from many networks without refusing them', async () => {
  await logIn('198.51.100.7', 'a guess')
  await service.sql`update login_attempts set failures = 70`
  const began = performance.now()
  expect((await logIn('203.0.113.6')).status).toBe(200)
  expect(performance.now() - began).toBeGreaterThan(2000)
  await service.sql`update login_attempts set failures = 5000 where failures > 50`
  const key = { 'idempotency-key': 'slowed' }
  const body = { email: user.email, password: PASSWORD }
  const keyed = await post('203.0.113.8', 'auth/login/', body, key)
  expect([keyed.status, keyed.headers.get('retry-after')]).toEqual([429, '10'])
})

it('does not count an attempt that an overloaded service did not check', async () => {
  const busy = async () => {
    throw new DomainError('overloaded', 'Busy.')
  }
  const deps = {
    database: service.database,
    passwords: { hash: busy, verify: busy },
  } as unknown as Deps
  const input = { email: user.email, password: PASSWORD }
  for (let n = 0; n < 12; n++) {
    await expect(signIn(deps, input, '203.0.113.9', false)).rejects.toMatchObject({
      code: 'overloaded',
    })
  }
  expect((await logIn('203.0.113.9')).status).toBe(200)
})

it('counts registrations by network, before a password is hashed', async () => {
  const open = (address: string, n: number) =>
    post(address, 'auth/register/', {
      email: `agency-${n}@example.test`,
      password: PASSWORD,
      account_name: 'Agency',
    })
  expect((await open('2001:db8:0:2::1', 1)).status).toBe(201)
  await service.sql`update login_attempts set failures = 200`
  const refused = await open('2001:db8:0:2::2', 2)
  expect([refused.status, refused.body.code]).toEqual([429, 'too_many_attempts'])
  expect((await open('2001:db8:0:3::1', 3)).status).toBe(201)
})

it('scopes the Idempotency-Key of an anonymous client to its /64', async () => {
  const body = { email: user.email, password: PASSWORD }
  const send = (address: string) =>
    post(address, 'auth/login/', body, { 'idempotency-key': 'of a network'.replaceAll(' ', '-') })
  expect((await send('2001:db8:0:4::1')).status).toBe(200)
  expect((await send('2001:db8:0:4::2')).body.code).toBe('already_done')
  expect((await send('2001:db8:0:5::1')).status).toBe(200)
})

it('hashes two passwords at a time, and refuses when fifty wait', async () => {
  const ends: (() => void)[] = []
  const work = () => new Promise<never>((resolve) => ends.push(resolve as () => void))
  const passwords = boundedPasswords({ hash: work, verify: work })
  const tries = Array.from({ length: 60 }, (_, n) =>
    (n % 2 ? passwords.hash('x') : passwords.verify('x', 'x')).then(
      () => 'done',
      ({ code, headers }) => `${code} ${headers['retry-after']}`,
    ),
  )
  expect(ends).toHaveLength(2)
  for (let ended = 0; ended < 52; ended++) {
    await expect.poll(() => ends.length).toBe(Math.min(52, ended + 2))
    ends[ended]!()
  }
  const outcomes = await Promise.all(tries)
  expect(outcomes.filter((one) => one === 'done')).toHaveLength(52)
  expect(outcomes.filter((one) => one === 'overloaded 5')).toHaveLength(8)
})

it('does not count a password change that an overloaded service could not check', async () => {
  const database = service.database
  const failures = async () =>
    (await service.sql`select coalesce(sum(failures), 0)::int as sum from login_attempts`)[0]!.sum
  const passwords = {
    hash: () => Promise.reject(new DomainError('overloaded', 'Busy.')),
    verify: () => Promise.reject(new DomainError('overloaded', 'Busy.')),
  }
  const caller = {
    ...{
      actor: 'user' as const,
      userId: user.userId,
      accountId: user.accountId,
      role: 'owner' as const,
    },
    ...{ isStaff: false, requestId: '' },
    scope: { accountId: user.accountId, user: { id: user.userId, role: 'owner' as const } },
  }
  const input = { old_password: PASSWORD, new_password: `${PASSWORD}!` }
  await service.sql`delete from login_attempts`
  const changed = changePassword({ database, passwords } as unknown as Deps, caller, input)
  await expect(changed).rejects.toMatchObject({ code: 'overloaded' })
  expect(await failures()).toBe(0)
})
