import net from 'node:net'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import type { Config } from '../../server/config.ts'
import { clientAddress } from '../../server/http/client-address.ts'
import { addUser, type Client, request } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'

const MEGABYTE = 1024 * 1024

let service: TestService
afterEach(() => service.stop())

async function start(config: Partial<Config>): Promise<Client> {
  service = await startTestService({ role: 'api', config })
  return service.owner()
}

describe('requests a minute', () => {
  it('of an account are counted together, reported in headers, and refused beyond the limit', async () => {
    const owner = await start({ rateLimits: { account: 6, address: 0 } })
    const viewer = await addUser(owner, 'viewer')
    const first = await owner.get('auth/me/')
    expect(first.headers.get('ratelimit-policy')).toBe('"account";q=6;w=60')
    expect(first.headers.get('ratelimit')).toMatch(/^"account";r=4;t=([1-5]?\d|60)$/)
    for (let n = 0; n < 4; n++) expect((await viewer.get('auth/me/')).status).toBe(200)
    const refused = await owner.get('auth/me/')
    expect([refused.status, refused.body.code]).toEqual([429, 'rate_limited'])
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(refused.headers.get('ratelimit')).toContain('"account";r=0;')
    const other = await service.owner('Other')
    expect((await other.get('auth/me/')).status).toBe(200)
  })

  it('of an address are refused before anything else is done, without affecting others', async () => {
    await start({ rateLimits: { account: 0, address: 3 }, trustedProxies: ['127.0.0.0/8'] })
    const from = (address: string) =>
      request(service.url, 'GET', 'auth/me/', undefined, { 'x-forwarded-for': address })
    for (let n = 0; n < 3; n++) expect((await from('198.51.100.7')).status).toBe(401)
    expect((await from('spoofed, 198.51.100.7')).status).toBe(429)
    expect((await from('198.51.100.7, 127.0.0.9')).status).toBe(429)
    expect((await from('198.51.100.8')).status).toBe(401)
    for (let n = 0; n < 3; n++) expect((await from(`2001:db8::${n}`)).status).toBe(401)
    expect((await from('2001:db8:0:0:9::1')).status).toBe(429)
    expect((await from('2001:db8:0:1::1')).status).toBe(401)
    const page = () => fetch(`${service.url}/docs/start.js`)
    for (let n = 0; n < 3; n++) expect((await page()).status).toBe(200)
    expect((await page()).status).toBe(429)
    expect((await fetch(`${service.url}/healthz`)).status).toBe(200)
  })
})

it('trusts only the entry that a trusted proxy added to X-Forwarded-For', async () => {
  await start({})
  const env = (remoteAddress: string) => ({ incoming: { socket: { remoteAddress } } })
  const asked = (trusted: string[], peer: string, passed: string) =>
    clientAddress(trusted)(
      new Request('http://x/', { headers: { 'x-forwarded-for': passed } }),
      env(peer),
    )
  expect(asked([], '10.0.0.1', '1.2.3.4')).toBe('10.0.0.1')
  expect(asked(['10.0.0.1'], '10.0.0.2', '1.2.3.4')).toBe('10.0.0.2')
  expect(asked(['10.0.0.0/8'], '::ffff:10.0.0.1', '6.6.6.6, 1.2.3.4, 10.9.9.9')).toBe('1.2.3.4')
  expect(asked(['10.0.0.0/8'], '10.0.0.1', 'x')).toBe('10.0.0.1')
})

describe('pages of other origins', () => {
  const preflight = (origin: string) =>
    fetch(`${service.url}/api/v1/planner/keywords/`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'PATCH',
        'access-control-request-headers': 'authorization,if-match',
      },
    })

  it('can call the API if the setting names them', async () => {
    const owner = await start({ corsOrigins: ['https://app.example'] })
    const allowed = await preflight('https://app.example')
    expect(allowed.status).toBe(204)
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://app.example')
    expect(allowed.headers.get('access-control-allow-methods')).toContain('PATCH')
    expect(allowed.headers.get('access-control-allow-headers')).toContain('if-match')
    expect(
      (await preflight('https://evil.example')).headers.get('access-control-allow-origin'),
    ).toBeNull()
    for (const path of ['auth/me/', 'nothing/']) {
      const headers = { origin: 'https://app.example' }
      const answer = await owner.call('GET', path, undefined, headers)
      expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.example')
      const exposed = answer.headers.get('access-control-expose-headers')?.split(',')
      expect(exposed).toEqual(expect.arrayContaining(['etag', 'ratelimit', 'x-request-id']))
    }
  })

  it('cannot call the API by default', async () => {
    await start({})
    const answer = await preflight('https://app.example')
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([405, null])
  })
})

describe('a request that is too large', () => {
  it('is refused for a body nested more than 32 levels, not counting brackets in text', async () => {
    const owner = await start({})
    const nested = (depth: number) => `{"first_name":${'['.repeat(depth)}${']'.repeat(depth)}}`
    const deep = await owner.call('PATCH', 'auth/me/', nested(32))
    expect([deep.status, deep.body.code]).toEqual([400, 'malformed_body'])
    expect(deep.body.detail).toContain('32')
    expect((await owner.call('PATCH', 'auth/me/', nested(31))).body.code).toBe('validation_failed')
    const text = `a"\\[{${'[{'.repeat(20)}`
    const kept = await owner.call('PATCH', 'auth/me/', { first_name: text })
    expect([kept.status, kept.body.first_name]).toEqual([200, text])
  })

  it('is refused for a body over the limit, also if the client reads only after sending', async () => {
    const { token } = await start({})
    const { hostname, port } = new URL(service.url)
    const size = 20 * MEGABYTE
    const bodies = {
      [`content-length: ${size}`]: ['x'.repeat(size)],
      'transfer-encoding: chunked': [`${size.toString(16)}\r\n`, 'x'.repeat(size), '\r\n0\r\n\r\n'],
    }
    for (const [header, parts] of Object.entries(bodies)) {
      const socket = net.connect(Number(port), hostname)
      socket.pause()
      const head = `PATCH /api/v1/auth/me/ HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}`
      const write = promisify<string, void>(socket.write.bind(socket) as never)
      await write(`${head}\r\ncontent-type: application/json\r\n${header}\r\n\r\n`)
      for (const part of parts) await write(part)
      const answer = Buffer.concat(await socket.toArray()).toString()
      expect(answer).toMatch(/^HTTP\/1\.1 413 .*"code":"body_too_large"/s)
    }
  })

  it('is refused for a URL or headers of more than 16 KB; so are bytes that are not HTTP', async () => {
    await start({})
    const { hostname, port } = new URL(service.url)
    const send = (text: string) =>
      new Promise<string>((resolve, reject) => {
        const socket = net.connect(Number(port), hostname, () => socket.write(text))
        let answer = ''
        socket.on('data', (bytes) => {
          answer += bytes
        })
        socket.on('end', () => resolve(answer))
        socket.on('error', reject)
      })
    const flood = Array.from({ length: 2000 }, (_, n) => `x-${n}: yyyyyyyyyyyy\r\n`).join('')
    const long = 'x'.repeat(20_000)
    for (const text of [
      `GET /api/v1/${long} HTTP/1.1\r\nhost: x\r\n\r\n`,
      `GET / HTTP/1.1\r\nhost: x\r\n${flood}\r\n`,
    ]) {
      const answer = await send(text)
      expect(answer).toMatch(/^HTTP\/1\.1 431 /)
      expect(answer).toContain('"code":"headers_too_large"')
    }
    expect(await send('what is this\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 .*malformed_request/s)
    const path = `planner/keywords/?search=${'x'.repeat(8000)}`
    expect((await request(service.url, 'GET', path)).status).toBe(401)
  })
})
