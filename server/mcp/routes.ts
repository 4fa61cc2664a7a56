import { StreamableHTTPTransport } from '@hono/mcp'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import {
  CallToolRequestSchema,
  type CallToolResult,
  ErrorCode,
  ListToolsRequestSchema,
  McpError,
} from '@modelcontextprotocol/sdk/types.js'
import type { Context, MiddlewareHandler } from 'hono'
import type { Deps } from '../deps.ts'
import { DomainError } from '../errors.ts'
import { type AppEnv, callerOf, newRouter } from '../http/endpoint.ts'
import { CALLERS_BODY, receiveBody } from '../http/receive-body.ts'
import { type ApiDescription, type ApiTool, toolsOf } from './tools.ts'

const NO_BATCHES = {
  jsonrpc: '2.0',
  error: { code: -32600, message: 'Batches are not supported. Send one message per request.' },
  id: null,
}
/** Headers forwarded to the API: credentials and client address. */
const PASSED_ON = [
  'authorization',
  'x-account-id',
  'x-request-id',
  'x-forwarded-for',
  'cf-connecting-ip',
]

/** The HTTP API of this process. */
export type Api = {
  description(): ApiDescription
  request(path: string, init: RequestInit, env: unknown): Promise<Response>
}

/**
 * The marked routes of the API as tools of the Model Context Protocol, over Streamable HTTP without
 * sessions. Each call is a request to the HTTP API with the caller's own token, so permissions, costs and
 * the audit log are the same. https://modelcontextprotocol.io/specification
 */
export function mcpRoutes({ settings }: Deps, api: Api) {
  const app = newRouter()
  let tools: Map<string, ApiTool> | undefined
  const admit: MiddlewareHandler<AppEnv> = async (c, next) => {
    callerOf(c)
    refuseForeignOrigin(c, [new URL(settings.publicUrl()).origin, ...settings.corsOrigins])
    await next()
  }
  app.post('/mcp', admit, receiveBody(CALLERS_BODY), async (c) => {
    const isBatch = /^\s*\[/.test(await c.req.text())
    if (isBatch) return c.json(NO_BATCHES, 400)
    tools ??= new Map(toolsOf(api.description()).map((tool) => [tool.name, tool]))
    const transport = new StreamableHTTPTransport({ enableJsonResponse: true })
    await serverOf(c, api, tools).connect(transport)
    return (await transport.handleRequest(c)) ?? c.body(null, 202)
  })
  return app
}

/** A server for one request. */
function serverOf(c: Context<AppEnv>, api: Api, tools: Map<string, ApiTool>): Server {
  const server = new Server({ name: 'igny8', version: '1' }, { capabilities: { tools: {} } })
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: [...tools.values()].map(({ request: _, ...tool }) => tool),
  }))
  server.setRequestHandler(CallToolRequestSchema, ({ params: { name, arguments: args = {} } }) => {
    const tool = tools.get(name)
    if (!tool) throw new McpError(ErrorCode.InvalidParams, `There is no tool ${name}.`)
    return call(c, api, tool, args)
  })
  return server
}

/** Refuses requests from web pages of other origins (DNS rebinding). */
function refuseForeignOrigin(c: Context<AppEnv>, allowed: string[]): void {
  const origin = c.req.header('origin')
  if (origin === undefined || allowed.includes(origin)) return
  throw new DomainError('permission_denied', `Pages of ${origin} may not call this server.`)
}

async function call(
  c: Context<AppEnv>,
  api: Api,
  tool: ApiTool,
  args: Record<string, unknown>,
): Promise<CallToolResult> {
  const { path, init } = tool.request(args)
  const headers = new Headers(init.headers)
  for (const name of PASSED_ON) {
    const value = c.req.header(name)
    if (value !== undefined) headers.set(name, value)
  }
  return resultOf(await api.request(path, { ...init, headers }, c.env))
}

async function resultOf(response: Response): Promise<CallToolResult> {
  const json = (await response.json()) as Record<string, unknown>
  if (response.ok) {
    const tag = response.headers.get('etag')
    const texts = [JSON.stringify(json), ...(tag ? [`ETag, for if_match: ${tag}`] : [])]
    return { content: texts.map((text) => ({ type: 'text', text })), structuredContent: json }
  }
  const { code, detail, errors } = json
  const text = `${code}: ${detail}${errors ? ` ${JSON.stringify(errors)}` : ''}`
  return { content: [{ type: 'text', text }], isError: true }
}
