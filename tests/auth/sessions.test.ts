import { decodeJwt, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addUser, type Client, PASSWORD, request, signIn } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'

let service: TestService
let owner: Client
beforeAll(async () => {
  service = await startTestService({ role: 'api' })
  owner = await service.owner()
})
afterAll(() => service.stop())

const post = (path: string, body: unknown) => request(service.url, 'POST', path, body)
const me = (token: string) =>
  request(service.url, 'GET', 'auth/me/', undefined, { authorization: `Bearer ${token}` })

describe('register', () => {
  it('opens an account with its owner and the credits of its plan', async () => {
    const { body } = await owner.get<{ user: { role: string }; account: { credits: number } }>(
      'auth/me/',
    )
    expect(body.user.role).toBe('owner')
    expect(body.account.credits).toBe(500)
    const balance = await owner.get('billing/balance/')
    expect(balance.body).toEqual({ balance: 500, granted: 500, charged: 0, held: 0 })
  })

  it('refuses an email address that is taken, ignoring case', async () => {
    const answer = await post('auth/register/', {
      email: owner.email.toUpperCase(),
      password: PASSWORD,
      account_name: 'Other',
    })
    expect(answer.status).toBe(409)
    expect(answer.body.code).toBe('already_exists')
  })

  it('never assigns the slug of the system account', async () => {
    const answer = await post('auth/register/', {
      email: 'system@example.test',
      password: PASSWORD,
      account_name: 'AWS admin',
    })
    expect((answer.body.account as { slug: string }).slug).toBe('aws-admin-2')
  })

  it('assigns unique slugs to concurrent registrations with the same name', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        post('auth/register/', {
          email: `same-${n}@example.test`,
          password: PASSWORD,
          account_name: 'Same name',
        }),
      ),
    )
    const slugs = answers.map(({ body }) => (body.account as { slug: string }).slug)
    expect(new Set(slugs).size).toBe(8)
  })

  it('names each invalid field', async () => {
    const answer = await post('auth/register/', {
      email: 'no',
      password: 'short',
      account_name: '\0',
    })
    expect(answer.status).toBe(400)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    const paths = (answer.body.errors as { path: string }[]).map(({ path }) => path)
    expect(paths.sort()).toEqual(['account_name', 'email', 'password'])
  })
})

describe('login', () => {
  it('responds equally to a wrong password and an unknown address', async () => {
    const wrong = await post('auth/login/', { email: owner.email, password: 'wrong password' })
    const unknown = await post('auth/login/', { email: 'nobody@example.test', password: PASSWORD })
    expect(wrong.status).toBe(401)
    expect({ ...wrong.body, request_id: '' }).toEqual({ ...unknown.body, request_id: '' })
  })

  it('refuses sign-ins after ten failures, even with the right password', async () => {
    const user = await addUser(owner, 'viewer')
    const tries = Array.from({ length: 30 }, () =>
      post('auth/login/', { email: user.email, password: 'a guess' }),
    )
    const statuses = (await Promise.all(tries)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 401)).toHaveLength(10)
    expect(statuses.filter((status) => status === 429)).toHaveLength(20)
    const right = await post('auth/login/', { email: user.email, password: PASSWORD })
    expect(right.status).toBe(429)
    expect(Number(right.headers.get('retry-after'))).toBeGreaterThan(0)
  })
})

describe('access tokens', () => {
  it('are refused when forged, expired, meant for another or of another kind', async () => {
    const claims = decodeJwt(owner.token)
    const key = new TextEncoder().encode('another key that is long enough to sign with')
    const forged = (change: (jwt: SignJWT) => SignJWT) =>
      change(
        new SignJWT({ account_id: claims.account_id, role: 'owner' })
          .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
          .setSubject(String(claims.sub))
          .setIssuer('igny8')
          .setAudience('igny8-api')
          .setExpirationTime('1h'),
      ).sign(key)
    const [header, payload] = owner.token.split('.')
    const unsigned = `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${payload}.`
    const tokens = [
      await forged((jwt) => jwt),
      await forged((jwt) => jwt.setIssuer('other')),
      unsigned,
      `${header}.${payload}.AAAA`,
      owner.refresh,
      'nonsense',
    ]
    for (const token of tokens) {
      const answer = await me(token)
      expect(answer.status, token).toBe(401)
      expect(answer.body.code).toBe('token_invalid')
    }
  })

  it('end at once when the user is deactivated or gets another role', async () => {
    const editor = await addUser(owner, 'editor')
    expect((await editor.get('auth/me/')).status).toBe(200)
    await owner.call('PATCH', `auth/users/${editor.userId}/`, { role: 'viewer' })
    expect((await editor.get('auth/me/')).body.code).toBe('token_invalid')
    const again = await signIn(service.url, editor.email)
    await owner.call('PATCH', `auth/users/${editor.userId}/`, { is_active: false })
    expect((await again.get('auth/me/')).status).toBe(401)
    const login = await post('auth/login/', { email: editor.email, password: PASSWORD })
    expect(login.status).toBe(401)
    const password = { old_password: PASSWORD, new_password: 'another horse battery' }
    for (const method of ['deactivated', 'removed']) {
      if (method === 'removed') await owner.call('DELETE', `auth/users/${editor.userId}/`)
      const renamed = await again.call('PATCH', 'auth/me/', { first_name: 'Still' })
      const changed = await again.post('auth/change_password/', password)
      expect([renamed.status, changed.status], method).toEqual([401, 401])
    }
  })
})

describe('refresh', () => {
  it('rotates tokens, and revokes the whole sign-in when a token is reused', async () => {
    const user = await addUser(owner, 'viewer')
    const second = await post('auth/refresh/', { refresh: user.refresh })
    expect(second.status).toBe(200)
    expect((await me(second.body.access as string)).status).toBe(200)
    const reused = await post('auth/refresh/', { refresh: user.refresh })
    expect(reused.status).toBe(401)
    const third = await post('auth/refresh/', { refresh: second.body.refresh })
    expect(third.status).toBe(401)
  })

  it('gives a new pair to only one of two concurrent requests', async () => {
    const user = await addUser(owner, 'viewer')
    const both = await Promise.all(
      [1, 2].map(() => post('auth/refresh/', { refresh: user.refresh })),
    )
    expect(both.map(({ status }) => status).sort()).toEqual([200, 401])
  })

  it('ends with logout', async () => {
    const user = await addUser(owner, 'viewer')
    expect((await post('auth/logout/', { refresh: user.refresh })).status).toBe(204)
    expect((await post('auth/refresh/', { refresh: user.refresh })).status).toBe(401)
  })
})

describe('change_password', () => {
  it('limits guesses of the old password', async () => {
    const user = await addUser(owner, 'viewer')
    const guess = (old_password: string) =>
      user.post('auth/change_password/', { old_password, new_password: 'another horse battery' })
    const tries = await Promise.all(Array.from({ length: 12 }, (_, n) => guess(`guess ${n}`)))
    expect(tries.filter(({ status }) => status === 400).length).toBeLessThanOrEqual(10)
    expect(await guess(PASSWORD)).toMatchObject({
      status: 429,
      body: { code: 'too_many_attempts' },
    })
  })

  it('requires the old password and ends all other sign-ins', async () => {
    const user = await addUser(owner, 'viewer')
    const wrong = await user.post('auth/change_password/', {
      old_password: 'wrong password',
      new_password: 'another horse battery',
    })
    expect(wrong.status).toBe(400)
    const changed = await user.post('auth/change_password/', {
      old_password: PASSWORD,
      new_password: 'another horse battery',
    })
    expect(changed.status).toBe(200)
    expect((await post('auth/refresh/', { refresh: user.refresh })).status).toBe(401)
    expect((await post('auth/login/', { email: user.email, password: PASSWORD })).status).toBe(401)
    expect((await signIn(service.url, user.email, 'another horse battery')).userId).toBe(
      user.userId,
    )
  })
})

it('stores no password, token or key in plain text', async () => {
  const rows = await service.sql`select (select string_agg(u::text, ' ') from users u) || ' ' ||
    coalesce((select string_agg(t::text, ' ') from refresh_tokens t), '') as text`
  expect(rows[0]!.text).toContain('$argon2id$')
  for (const secret of [PASSWORD, owner.refresh, owner.token])
    expect(rows[0]!.text).not.toContain(secret)
})
