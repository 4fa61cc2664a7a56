/** The part of JSON Schema that the OpenAPI document uses. */
type Schema = {
  $ref?: string
  type?: string | string[]
  enum?: unknown[]
  const?: unknown
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: Schema | boolean
  items?: Schema
  oneOf?: Schema[]
  anyOf?: Schema[]
  allOf?: Schema[]
  format?: string
}
type Content = Record<string, { schema?: Schema }>
type Parameter = { name: string; in: string; required?: boolean; schema?: Schema }
type Operation = {
  parameters?: Parameter[]
  requestBody?: { required?: boolean; content: Content }
  responses: Record<string, { content?: Content }>
}
export type Description = {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema> }
}

const METHODS = ['get', 'put', 'post', 'delete', 'patch']

/** The types `paths` and `components` of an OpenAPI document, as openapi-fetch expects them. */
export function apiTypes({ paths, components }: Description): string {
  const schemas = object(
    Object.entries(components.schemas).map(([name, schema]) => field(name, typeOf(schema))),
  )
  const routes = Object.entries(paths).map(([path, operations]) => {
    const methods = METHODS.map((method) => {
      const operation = operations[method]
      return operation ? field(method, operationType(operation)) : `${method}?: never;`
    })
    return field(path, object(['parameters: {};', ...methods]))
  })
  return `// Generated from the OpenAPI document; see build.ts.
export interface components { schemas: ${schemas} }
export interface paths ${object(routes)}
`
}

function operationType({ parameters = [], requestBody, responses }: Operation): string {
  const places = ['query', 'header', 'path', 'cookie'].map((place) => {
    const there = parameters.filter((parameter) => parameter.in === place)
    if (there.length === 0) return `${place}?: never;`
    const isRequired = there.some(({ required }) => required)
    const fields = there.map(({ name, required, schema }) =>
      field(name, typeOf(schema ?? {}), required === true),
    )
    return `${place}${isRequired ? '' : '?'}: ${object(fields)};`
  })
  const body = requestBody
    ? field(
        'requestBody',
        object([field('content', contentType(requestBody.content))]),
        requestBody.required === true,
      )
    : 'requestBody?: never;'
  const answers = Object.entries(responses).map(([status, { content }]) =>
    field(
      status,
      object([
        `headers: { [name: string]: unknown };`,
        content ? field('content', contentType(content)) : 'content?: never;',
      ]),
    ),
  )
  return object([field('parameters', object(places)), body, field('responses', object(answers))])
}

function contentType(content: Content): string {
  return object(
    Object.entries(content).map(([type, { schema }]) =>
      field(type, type.startsWith('multipart/') ? 'FormData' : typeOf(schema ?? {})),
    ),
  )
}

function typeOf(schema: Schema): string {
  if (schema.$ref) return `components["schemas"][${JSON.stringify(schema.$ref.split('/').at(-1))}]`
  const variants = schema.oneOf ?? schema.anyOf
  if (variants) return union(variants.map(typeOf))
  if (schema.allOf) return schema.allOf.map((part) => `(${typeOf(part)})`).join(' & ')
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum) return union(schema.enum.map((value) => JSON.stringify(value)))
  const types = [schema.type ?? []].flat()
  return types.length === 0 ? 'unknown' : union(types.map((type) => ofType(type, schema)))
}

function ofType(type: string, schema: Schema): string {
  if (type === 'integer' || type === 'number') return 'number'
  if (type === 'array') return `(${typeOf(schema.items ?? {})})[]`
  if (type !== 'object') return type
  const { properties, required = [], additionalProperties } = schema
  if (properties) {
    return object(
      Object.entries(properties).map(([name, one]) =>
        field(name, typeOf(one), required.includes(name)),
      ),
    )
  }
  const values = typeof additionalProperties === 'object' ? typeOf(additionalProperties) : 'unknown'
  return `{ [key: string]: ${values} }`
}

const union = (types: string[]) => [...new Set(types)].join(' | ')
const object = (fields: string[]) => `{ ${fields.join(' ')} }`
/** A property. openapi-fetch expects numeric status codes. */
const field = (name: string, type: string, isRequired = true) =>
  `${/^\d+$/.test(name) ? name : JSON.stringify(name)}${isRequired ? '' : '?'}: ${type};`
