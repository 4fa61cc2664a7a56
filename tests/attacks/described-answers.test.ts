import { afterAll, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import { type Client, PASSWORD, request } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { type Belongings, belongingsOf, pathFor } from './belongings.ts'
import { BODIES } from './request-bodies.ts'

type Schema = Record<string, unknown>
type Described = { responses: Record<string, { content?: Record<string, { schema: Schema }> }> }
type Document = {
  paths: Record<string, Record<string, Described>>
  components: { schemas: Record<string, Schema> }
}

let service: TestService
let owner: Client
let mine: Belongings
let document: Document
beforeAll(async () => {
  service = await startTestService({ role: 'api' })
  owner = await service.owner('Described')
  mine = await belongingsOf(service, owner)
  document = (await request<Document>(service.url, 'GET', 'openapi.json')).body
})
afterAll(() => service.stop())

/** A schema with what it refers to in place, which allows no field that it does not name. */
function strict(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(strict)
  if (typeof schema !== 'object' || schema === null) return schema
  const { $ref, ...own } = schema as Schema & { $ref?: string }
  if ($ref) return strict(document.components.schemas[$ref.split('/').at(-1)!])
  const inner = Object.fromEntries(Object.entries(own).map(([key, one]) => [key, strict(one)]))
  return inner.properties ? { additionalProperties: false, ...inner } : inner
}

/** They reach out, end the session, or answer no JSON. */
const LEFT_OUT =
  /wordpress|change_password|refresh|logout|stream|export|\/test|generate_image\/|properties/

it('answers what openapi.json says, field by field', async () => {
  const signIn = { email: owner.email, password: PASSWORD }
  const seen: string[] = []
  const wrong: string[] = []
  for (const [full, methods] of Object.entries(document.paths)) {
    for (const [lower, { responses }] of Object.entries(methods)) {
      const [method, path] = [lower.toUpperCase(), full.replace('/api/v1/', '')]
      const name = `${method} ${path}`
      if (method === 'DELETE' || path.includes('bulk_delete') || LEFT_OUT.test(path)) continue
      const body = path.includes('login') ? signIn : BODIES[name]?.(mine)
      const answer = await owner.call(method, pathFor(path, mine), body)
      const described = responses[answer.status] ?? responses.default
      const type = answer.status < 400 ? 'application/json' : 'application/problem+json'
      const schema = described?.content?.[type]?.schema
      seen.push(`${answer.status} ${name}`)
      const said = z.fromJSONSchema(strict(schema ?? false) as boolean).safeParse(answer.body)
      if (!said.success) wrong.push(`${answer.status} ${name}: ${z.prettifyError(said.error)}`)
    }
  }
  expect(wrong).toEqual([])
  expect(seen.filter((one) => one.startsWith('2')).length).toBeGreaterThan(45)
})
