import {
  ErrorCode,
  McpError,
  type Tool,
  type ToolAnnotations,
} from '@modelcontextprotocol/sdk/types.js'

/** How a route is marked as a tool, under `x-mcp-tool`. Its summary and description become the tool's. */
type ToolMark = { name: string } & Omit<ToolAnnotations, 'title'>

type Schema = { [key: string]: unknown; $ref?: string; properties?: Record<string, Schema> }
type Parameter = {
  name: string
  in: string
  required?: boolean
  description?: string
  schema?: Schema
}
type Operation = {
  'x-mcp-tool'?: ToolMark
  summary?: string
  description?: string
  parameters?: Parameter[]
  requestBody?: { content: Record<string, { schema?: Schema }> }
  responses: Record<string, unknown>
}
/** As much of an OpenAPI document as tools are made from. */
export type ApiDescription = {
  paths?: Record<string, Record<string, Operation>>
  components?: { schemas?: Record<string, Schema> }
}

/** A tool and the request that it sends. */
export type ApiTool = Tool & {
  /** @throws `McpError` when an argument of the path is missing or no id */
  request(args: Record<string, unknown>): { path: string; init: RequestInit }
}

const RUN =
  'Returns a run as task_id. Call get_run until its state is SUCCESS, FAILURE or CANCELLED.'

/** One tool for each route of the API that is marked as one. */
export function toolsOf({ paths = {}, components = {} }: ApiDescription): ApiTool[] {
  const { schemas = {} } = components
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, operation]) => {
      const mark = operation['x-mcp-tool']
      return mark ? [toolOf(mark, { path, method, operation, schemas })] : []
    }),
  )
}

type Route = {
  path: string
  method: string
  operation: Operation
  schemas: Record<string, Schema>
}

function toolOf({ name, ...hints }: ToolMark, route: Route): ApiTool {
  const { method, operation, schemas } = route
  const { summary = name, description = '', responses } = operation
  const title = summary
  const texts = [
    summary.endsWith('.') ? summary : `${summary}.`,
    description,
    responses[202] ? RUN : '',
  ]
  const annotations = { title, readOnlyHint: method === 'get', openWorldHint: false, ...hints }
  return {
    name,
    title,
    description: texts.filter(Boolean).join(' '),
    inputSchema: inline(inputOf(operation), schemas) as Tool['inputSchema'],
    annotations,
    request: (args) => requestOf(route, args),
  }
}

const inOf = (operation: Operation, place: string) =>
  (operation.parameters ?? []).filter((parameter) => parameter.in === place)

const IF_MATCH = 'if-match'
const argumentOf = (name: string) => name.replace('-', '_')

const bodyOf = ({ requestBody }: Operation) => Object.entries(requestBody?.content ?? {})[0]

/** The arguments of the path, the query and the body in one object, and `if_match` where the route takes it. */
function inputOf(operation: Operation): Schema {
  const body = flat(bodyOf(operation)?.[1].schema ?? {})
  const parameters = [...inOf(operation, 'path'), ...inOf(operation, 'query')]
  const ifMatch = inOf(operation, 'header').filter(({ name }) => name === IF_MATCH)
  const properties = [...parameters, ...ifMatch].map(({ name, schema, description }) => [
    argumentOf(name),
    { ...schema, ...(description && { description }) },
  ])
  const required = parameters.filter((parameter) => parameter.required).map(({ name }) => name)
  return {
    type: 'object',
    ...body,
    properties: { ...Object.fromEntries(properties), ...body.properties },
    required: [...required, ...((body.required as string[] | undefined) ?? [])],
  }
}

/** Merges the variants of a body: models' APIs refuse `oneOf` at the top of a tool's schema. */
function flat({ oneOf, ...body }: Schema): Schema {
  if (!oneOf) return body
  const variants = oneOf as Schema[]
  const properties: Record<string, Schema> = {}
  for (const name of new Set(
    variants.flatMap((variant) => Object.keys(variant.properties ?? {})),
  )) {
    properties[name] = { anyOf: variants.flatMap((variant) => variant.properties?.[name] ?? []) }
  }
  const required = (variant: Schema) => (variant.required ?? []) as string[]
  const [first, ...others] = variants.map(required)
  const always = first?.filter((name) => others.every((names) => names.includes(name)))
  return { ...body, properties, required: always ?? [] }
}

/** A schema with the components that it refers to put in place: a tool's schema stands alone. */
function inline(schema: unknown, schemas: Record<string, Schema>): unknown {
  if (Array.isArray(schema)) return schema.map((part) => inline(part, schemas))
  if (typeof schema !== 'object' || schema === null) return schema
  const { $ref, ...rest } = schema as Schema
  if ($ref) return inline({ ...schemas[$ref.split('/').at(-1)!], ...rest }, schemas)
  return Object.fromEntries(Object.entries(rest).map(([key, part]) => [key, inline(part, schemas)]))
}

function requestOf({ path, method, operation }: Route, args: Record<string, unknown>) {
  const rest = { ...args }
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = rest[name]
    delete rest[name]
    if (value === undefined) throw new McpError(ErrorCode.InvalidParams, `${name} is required.`)
    // Nothing else: "..", for one, would lead to another path.
    if (!/^[1-9]\d{0,15}$/.test(String(value))) {
      throw new McpError(ErrorCode.InvalidParams, `${name} must be a positive whole number.`)
    }
    return String(value)
  })
  const query = new URLSearchParams()
  for (const { name } of inOf(operation, 'query')) {
    if (rest[name] !== undefined) query.set(name, String(rest[name]))
    delete rest[name]
  }
  const headers = new Headers()
  const tag = rest[argumentOf(IF_MATCH)]
  if (tag !== undefined && inOf(operation, 'header').some(({ name }) => name === IF_MATCH)) {
    headers.set(IF_MATCH, String(tag))
    delete rest[argumentOf(IF_MATCH)]
  }
  const body = bodyOf(operation)
  // What the route does not take is sent all the same, for the API to refuse by name.
  if (!body) for (const [name, value] of Object.entries(rest)) query.set(name, String(value))
  const isForm = body?.[0] === 'multipart/form-data'
  if (body && !isForm) headers.set('content-type', 'application/json')
  return {
    path: query.size > 0 ? `${filled}?${query}` : filled,
    init: {
      method: method.toUpperCase(),
      headers,
      body: body && (isForm ? formOf(rest) : JSON.stringify(rest)),
    },
  }
}

/** The file comes last, so that the fields are checked before it is sent. */
function formOf({ file, ...fields }: Record<string, unknown>): FormData {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.set(name, String(value))
  form.set('file', new Blob([String(file)]), 'file')
  return form
}
