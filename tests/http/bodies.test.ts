import net from 'node:net'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { addUser, type Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { newSector, type Sector } from '../planner/sector.ts'

let service: TestService
let owner: Client
let viewer: Client
let sector: Sector
beforeAll(async () => {
  service = await startTestService({ role: 'api', api: 'node', poolSize: 2 })
  owner = await service.owner()
  sector = await newSector(owner)
  viewer = await addUser(owner, 'viewer', [sector.site_id])
})
afterAll(() => service.stop())

type Headers = Record<string, string>

/** Sends a head and `body`, and leaves the request open; resolves to the answer once that has come. */
function open(method: string, path: string, headers: Headers, body = '') {
  const { hostname, port } = new URL(service.url)
  const socket = net.connect(Number(port), hostname)
  const lines = Object.entries({ host: 'x', ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  )
  socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`)
  const answer = new Promise<string>((resolve) => {
    let text = ''
    socket.on('data', (bytes) => {
      text += bytes
    })
    socket.on('end', () => resolve(text))
    socket.on('error', () => resolve(text))
    socket.on('close', () => resolve(text))
  })
  return { answer, abandon: () => socket.destroy() }
}

const json = { 'content-type': 'application/json' }
const unsent = { ...json, 'content-length': '1000000' }
const as = ({ token }: Client) => ({ authorization: `Bearer ${token}` })
const statusOf = async ({ answer }: { answer: Promise<string> }) =>
  Number(/^HTTP\/1.1 (\d+)/.exec(await answer)?.[1])

type Operation = { 'x-role'?: string }

/** Each route that takes a body, with who may call it. */
async function routes(): Promise<[method: string, path: string, role: string][]> {
  const { body } = await owner.get<{ paths: Record<string, Record<string, Operation>> }>(
    'openapi.json',
  )
  return Object.entries(body.paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([method]) => method !== 'get')
      .map(([method, { 'x-role': role = '' }]) => {
        const filled = path.replaceAll(/\{\w+\}/g, '1')
        return [method.toUpperCase(), filled, role] as [string, string, string]
      }),
  )
}

describe('a body that has not arrived', () => {
  it('does not delay a refusal that depends only on headers, on any route', async () => {
    const all = await routes()
    expect(all.length).toBeGreaterThan(60)
    for (const [method, path, role] of all) {
      const expected = role === 'public' ? 413 : 401
      for (const headers of [unsent, { ...unsent, 'idempotency-key': 'unsent' }]) {
        expect(await statusOf(open(method, path, headers)), `${method} ${path}`).toBe(expected)
      }
      if (role === 'public' || role === 'viewer') continue
      const refused = open(method, path, { ...unsent, ...as(viewer) })
      expect(await statusOf(refused), `${method} ${path}`).toBe(403)
    }
    expect(await statusOf(open('POST', '/mcp', unsent))).toBe(401)
    expect(await statusOf(open('POST', '/api/v1/nothing/', { ...unsent, ...as(owner) }))).toBe(404)
    expect(await statusOf(open('POST', '/', unsent))).toBe(405)
  }, 120_000)

  it('is not read for an import without a form, a token or the permission', async () => {
    const path = '/api/v1/planner/keywords/import_csv/'
    const form = { 'content-type': 'multipart/form-data; boundary=X', 'content-length': '90000000' }
    const { 'content-length': _, ...chunked } = { ...form, 'transfer-encoding': 'chunked' }
    for (const headers of [form, chunked]) {
      expect(await statusOf(open('POST', path, headers))).toBe(401)
      expect(await statusOf(open('POST', path, { ...headers, ...as(viewer) }))).toBe(403)
      const other = { ...headers, ...json, ...as(owner) }
      expect(await statusOf(open('POST', path, other))).toBe(400)
      expect(await statusOf(open('POST', path, { ...other, 'idempotency-key': 'x' }))).toBe(400)
    }
  })

  it('holds no database connection, with or without an Idempotency-Key', async () => {
    const part = { ...json, 'content-length': '500', ...as(owner) }
    const stalled = Array.from({ length: 12 }, (_, n) =>
      open('POST', '/api/v1/planner/keywords/', { ...part, 'idempotency-key': `s-${n}` }, '{"a'),
    )
    const field = (name: string, value: number) =>
      `--X\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
    const begun =
      field('site_id', sector.site_id) +
      field('sector_id', sector.sector_id) +
      '--X\r\ncontent-disposition: form-data; name="file"; filename="k"\r\n\r\nkeyword\n' +
      Array.from({ length: 30_000 }, (_, n) => `stalled ${n}\n`).join('')
    for (const key of ['i-1', 'i-2', undefined]) {
      const headers: Headers = {
        ...as(owner),
        'content-type': 'multipart/form-data; boundary=X',
        'content-length': '9000000',
        ...(key && { 'idempotency-key': key }),
      }
      stalled.push(open('POST', '/api/v1/planner/keywords/import_csv/', headers, begun))
    }
    const staged = async () =>
      (await service.sql`select distinct upload_id from staged_keywords`).count
    await expect.poll(staged, { timeout: 60_000 }).toBe(3)
    await expect.poll(() => service.database.connectionsInUse(), { timeout: 10_000 }).toBe(0)
    const written = await owner.call(
      'POST',
      'planner/keywords/',
      { ...sector, keyword: 'meanwhile' },
      { 'idempotency-key': 'meanwhile' },
    )
    expect(written.status).toBe(201)
    for (const { abandon } of stalled) abandon()
    await expect.poll(staged, { timeout: 60_000 }).toBe(0)
    expect((await owner.get<{ count: number }>('planner/keywords/')).body.count).toBe(1)
  }, 150_000)

  it('ends with a 408, and so do incomplete headers', async () => {
    const login = { ...json, 'content-length': '500' }
    const slow = [
      open('POST', '/api/v1/auth/login/', login, '{"email'),
      open(
        'POST',
        '/api/v1/auth/login/',
        { ...json, 'transfer-encoding': 'chunked' },
        '1\r\n{\r\n',
      ),
      slowHeaders(),
    ]
    for (const one of slow) {
      const answer = await one.answer
      expect(answer).toMatch(/^HTTP\/1.1 408 .*"code":"request_timeout"/s)
      expect(answer.toLowerCase()).toContain('connection: close')
    }
  }, 120_000)
})

/** Headers of which one line arrives each second, and never the last. */
function slowHeaders() {
  const { hostname, port } = new URL(service.url)
  const socket = net.connect(Number(port), hostname)
  socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\n')
  const drip = setInterval(() => socket.write('x-more: x\r\n'), 1000)
  const answer = socket.toArray().then((chunks) => Buffer.concat(chunks).toString())
  return { answer: answer.finally(() => clearInterval(drip)), abandon: () => socket.destroy() }
}

it('parses the body of a request once, with a key and for a PUT', async () => {
  const parse = vi.spyOn(JSON, 'parse')
  const times = (text: string) => parse.mock.calls.filter(([one]) => one === text).length
  try {
    const created = JSON.stringify({ ...sector, keyword: 'parsed once' })
    const key = { 'idempotency-key': 'parsed-once' }
    const { status, body } = await owner.call('POST', 'planner/keywords/', created, key)
    expect([status, times(created)]).toEqual([201, 1])
    const updated = JSON.stringify({ ...body, volume: 7 })
    const put = await owner.call('PUT', `planner/keywords/${body.id}/`, updated)
    expect([put.status, put.body.volume, times(updated)]).toEqual([200, 7, 1])
  } finally {
    parse.mockRestore()
  }
})

it('limits bodies without authentication to a small size, also in chunks', async () => {
  const large = JSON.stringify({ refresh: 'x'.repeat(70_000) })
  const size = large.length.toString(16)
  const announced = open(
    'POST',
    '/api/v1/auth/refresh/',
    { ...json, 'content-length': String(large.length) },
    large,
  )
  const chunked = open(
    'POST',
    '/api/v1/bridge/1/events/',
    { ...json, 'transfer-encoding': 'chunked' },
    `${size}\r\n${large}\r\n0\r\n\r\n`,
  )
  expect(await statusOf(announced)).toBe(413)
  expect(await statusOf(chunked)).toBe(413)
})

it('refuses JSON that is nested too deeply, whatever the case of the content type', async () => {
  const deep = `{"first_name":${'['.repeat(40)}${']'.repeat(40)}}`
  const headers = { 'content-type': 'Application/JSON' }
  const answer = await owner.call('PATCH', 'auth/me/', deep, headers)
  expect([answer.status, answer.body.code]).toEqual([400, 'malformed_body'])
})
