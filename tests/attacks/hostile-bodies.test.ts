import fc, { type Arbitrary } from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Client, request } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { type Belongings, belongingsOf, pathFor } from './belongings.ts'

const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000)
const RUNS_AN_OPERATION = 30
/** Of a name that nothing here generates: seen in an answer, it has leaked. */
const OTHER_ACCOUNT = 'Qzxwvother'

type Schema = {
  $ref?: string
  type?: string | string[]
  enum?: unknown[]
  properties?: Record<string, Schema>
  oneOf?: Schema[]
  anyOf?: Schema[]
  required?: string[]
  items?: Schema
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  maxItems?: number
  pattern?: string
  format?: string
}
type Parameter = { name: string; in: string; schema: Schema }
type Operation = {
  name: string
  method: string
  path: string
  parameters: Parameter[]
  body: Schema | undefined
  takesForm: boolean
}
type Described = {
  parameters?: Parameter[]
  requestBody?: { content: Record<string, { schema: Schema }> }
}

let service: TestService
let owner: Client
let mine: Belongings
let operations: Operation[]
let schemas: Record<string, Schema>
const failures: unknown[] = []
beforeAll(async () => {
  const logger = { info() {}, warn() {}, error: (fields: object) => failures.push(fields) }
  service = await startTestService({ role: 'api', logger })
  await belongingsOf(service, await service.owner(OTHER_ACCOUNT))
  operations = await readOperations()
})
beforeEach(async () => {
  // Each method has something left to work on, whatever was deleted before.
  owner = await service.owner('Mine')
  mine = await belongingsOf(service, owner)
})
afterAll(() => service.stop())

async function readOperations(): Promise<Operation[]> {
  const { body } = await request<{
    paths: Record<string, Record<string, Described>>
    components: { schemas: Record<string, Schema> }
  }>(service.url, 'GET', 'openapi.json')
  schemas = body.components.schemas
  return Object.entries(body.paths).flatMap(([full, methods]) =>
    Object.entries(methods).map(([method, { parameters = [], requestBody }]) => {
      const path = full.replace('/api/v1/', '')
      const schema = requestBody?.content['application/json']?.schema
      const takesForm = requestBody?.content['multipart/form-data'] !== undefined
      const name = `${method.toUpperCase()} ${path}`
      return { name, method: method.toUpperCase(), path, parameters, body: schema, takesForm }
    }),
  )
}

const JUNK = fc.oneof(
  fc.constantFrom<unknown>(
    ...['', ' ', '\0', 'a\0b', '\ud800', '\udfff x', '🦀', '\u202e', '%', '_', '\\', "'; --"],
    ...['$1', '1e400', '9'.repeat(300), 'é'.repeat(70_000), '0001-01-01T00:00:00Z', 'NaN'],
    ...[0, -1, 1.5, -0, 2 ** 31, 2 ** 53, 2 ** 63, 1e308, true, null, [], {}, [[]], [null]],
    Array.from({ length: 10_000 }, (_, index) => index + 1),
    Array(10_000).fill(1),
    nested(3000),
    JSON.parse('{"__proto__":{"admin":true},"constructor":{"prototype":1},"toString":1}'),
  ),
  fc.jsonValue({ maxDepth: 3 }),
  fc.string({ unit: 'binary', maxLength: 60 }),
)

function nested(depth: number): unknown {
  let value: unknown = 1
  for (let level = 0; level < depth; level++) value = [value]
  return value
}

/** What a schema's field of this name may hold: often an id that is there, so that the body goes far. */
function fitting(schema: Schema, name = ''): Arbitrary<unknown> {
  if (schema.$ref) return fitting(schemas[schema.$ref.split('/').at(-1)!]!, name)
  const variants = schema.oneOf ?? schema.anyOf
  if (variants) return fc.oneof(...variants.map((one) => fitting(one, name)))
  if (schema.enum) return fc.constantFrom(...schema.enum)
  const types = [schema.type ?? 'null'].flat()
  return fc.oneof(...types.map((type) => ofType(type, schema, name)))
}

function ofType(type: string, schema: Schema, name: string): Arbitrary<unknown> {
  if (type === 'object') {
    const fields = Object.entries(schema.properties ?? {})
    const record = Object.fromEntries(fields.map(([key, one]) => [key, fitting(one, key)]))
    return fc.record(record, { requiredKeys: schema.required ?? [] })
  }
  if (type === 'array') {
    return fc.array(fitting(schema.items ?? {}, name), { maxLength: 4 })
  }
  if (type === 'boolean') return fc.boolean()
  if (type === 'integer') {
    const { minimum = 1, maximum = Number.MAX_SAFE_INTEGER } = schema
    const known = fc.constantFrom(...(idsFor(name) ?? [minimum, maximum]))
    return fc.oneof({ weight: 4, arbitrary: known }, fc.integer({ min: minimum, max: 2 ** 31 - 1 }))
  }
  return type === 'string' ? textOf(schema) : fc.constant(null)
}

function textOf({ format, pattern, minLength = 0, maxLength = 300 }: Schema): Arbitrary<string> {
  if (format === 'email') {
    const plain = fc.nat().map((number) => `user-${number}@example.test`)
    return fc.oneof(plain, fc.emailAddress())
  }
  if (format === 'uri') return fc.webUrl({ withFragments: true, withQueryParameters: true })
  if (format === 'date-time') return fc.date({ noInvalidDate: true }).map((at) => at.toISOString())
  if (pattern) return fc.constantFrom('a-slug', 'b2', 'slug', 'x'.repeat(80))
  const longest = fc.constant('\u{1f980}'.repeat(Math.min(maxLength, 20_000) / 2))
  const short = { minLength, maxLength: Math.max(minLength, Math.min(maxLength, 40)) }
  return fc.oneof(
    { weight: 6, arbitrary: fc.string({ ...short, unit: 'binary' }) },
    fc.constantFrom('café, CAFÉ,, ,', '<p>x<script>', 'a%_\\', '=1+1', '-', 'x'.repeat(minLength)),
    longest,
  )
}

/** The ids that a field or parameter of this name may mean. */
function idsFor(name: string): number[] | undefined {
  const kind = name.replace(/^keyword_cluster/, 'cluster').replace(/_(id|objects)$/, '')
  const known = (mine as Record<string, number>)[kind]
  if (known !== undefined && name !== kind) return [known]
  if (name.startsWith('industry_')) return [1, 2]
  if (name === 'ids') return [mine.keyword, mine.cluster, mine.idea, mine.task]
  return undefined
}

const bodyFor = (schema: Schema): Arbitrary<unknown> =>
  fc.oneof(
    { weight: 4, arbitrary: fitting(schema) },
    { weight: 3, arbitrary: spoiled(schema) },
    { weight: 1, arbitrary: JUNK },
  )

/** A form of fields that fit, junk, and a file of anything. */
function formOf(): Arbitrary<unknown> {
  const cells = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(',', '"', '\n', '\r', '=1+1'),
  )
  const file = fc
    .tuple(fc.constantFrom('keyword\n', 'volume,keyword\n', '', '"'), fc.array(cells))
    .map(([header, parts]) => new File([header, ...parts], 'k.csv'))
  const id = (known: number) => fc.oneof(fc.constant(String(known)), fc.string())
  return fc
    .record({ site_id: id(mine.site), sector_id: id(mine.sector), file, other: fc.string() })
    .chain((fields) => fc.subarray(Object.entries(fields), { minLength: 2 }))
    .map((fields) => {
      const form = new FormData()
      for (const [name, value] of fields) form.append(name, value)
      return form
    })
}

/** A body that fits but for one field. */
function spoiled(schema: Schema): Arbitrary<unknown> {
  const fields = [...Object.keys(schema.properties ?? {}), '__proto__', 'extra']
  return fc
    .tuple(fitting(schema), fc.constantFrom(...fields), JUNK)
    .map(([body, field, junk]) => JSON.parse(withField(body, field, junk)))
}

/** As text: only there is `__proto__` a field like any other. */
function withField(body: unknown, field: string, junk: unknown): string {
  const others = Object.entries(body as object).filter(([name]) => name !== field)
  const members = [...others, [field, junk] as const].map(
    ([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value) ?? 'null'}`,
  )
  return `{${members.join()}}`
}

const queryFor = (parameters: Parameter[]): Arbitrary<string> => {
  const known = parameters.filter((one) => one.in === 'query')
  if (known.length === 0) return fc.constant('')
  const parameter = fc
    .constantFrom(...known)
    .chain(({ name, schema }) =>
      fc.tuple(fc.constant(name), fc.oneof({ weight: 3, arbitrary: fitting(schema, name) }, JUNK)),
    )
  return fc.array(parameter, { maxLength: 4 }).map((pairs) => {
    const texts = pairs.map(([name, value]) => [name, asText(value).slice(0, 1500)])
    return `?${new URLSearchParams(texts)}`
  })
}

const asText = (value: unknown) =>
  typeof value === 'object' ? JSON.stringify(value) : String(value)

const pathOf = ({ path }: Operation): Arbitrary<string> =>
  fc.oneof(
    { weight: 5, arbitrary: fc.constant(pathFor(path, mine)) },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom('0', '-1', '1.5', '1e3', '0x1', '%00', '%ff', '%', "1'--", '9'.repeat(25))
        .map((id) => path.replaceAll(/\{\w+\}/g, id)),
    },
  )

/** What would end the session that the others need, or wait for a worker. */
const LEFT_OUT = /change_password|\{id\}\/wordpress|stream|\/test|generate_image\/|gsc\/properties/
/** Taken last: nothing is left for the others. */
const DELETES = /delete/i

function inputFor({ body, takesForm }: Operation): Arbitrary<unknown> {
  if (takesForm) return fc.oneof(formOf(), JUNK)
  return body ? bodyFor(body) : fc.constant(undefined)
}

async function attack(operation: Operation): Promise<void> {
  const inputs = fc.tuple(
    pathOf(operation),
    queryFor(operation.parameters),
    inputFor(operation),
    // A key that returns with another body, and none.
    fc.constantFrom<HeadersInit>({}, { 'idempotency-key': 'a' }, { 'idempotency-key': 'b' }),
  )
  const attempt = fc.asyncProperty(inputs, async ([path, query, body, headers]) => {
    const answer = await owner.call(operation.method, path + query, body, headers)
    const text = JSON.stringify(answer.body)
    expect(failures.splice(0), text).toEqual([])
    expect(answer.status, text).toBeLessThan(500)
    expect(text).not.toContain(OTHER_ACCOUNT)
    if (answer.status >= 400) {
      expect(answer.headers.get('content-type'), text).toBe('application/problem+json')
      expect(answer.body.request_id).toBe(answer.headers.get('x-request-id'))
      expect(text.length).toBeLessThan(50_000)
    }
  })
  const settings = { seed: SEED, numRuns: RUNS_AN_OPERATION, endOnFailure: true }
  await fc.assert(attempt, settings).catch((error: Error) => {
    throw new Error(`${operation.name}: ${error.message.slice(0, 3000)}`)
  })
}

describe(`what is generated from openapi.json and from junk, with the seed ${SEED}`, () => {
  it.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])('fails no %s on our side', async (method) => {
    const attacked = operations
      .filter((one) => one.method === method && !LEFT_OUT.test(one.name))
      .sort((one, other) => Number(DELETES.test(one.name)) - Number(DELETES.test(other.name)))
    expect(attacked.length).toBeGreaterThan(3)
    for (const operation of attacked) await attack(operation)
  })
})
