import { StreamableHTTPTransport } from '@hono/mcp'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js'
import type { Context, MiddlewareHandler } from 'hono'
import type { Deps } from '../deps.ts'
import { DomainError } from '../errors.ts'
import { type AppEnv, callerOf, newRouter } from '../http/endpoint.ts'
import { CALLERS_BODY, receiveBody } from '../http/receive-body.ts'
import { TOOLS, type Tool } from './tools.ts'

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

/** Sends a request to the HTTP API of this very process. */
export type Ask = (path: string, init: RequestInit, env: unknown) => Promise<Response>

/**
 * The main job's steps as tools, by the Model Context Protocol over Streamable HTTP, without sessions.
 * Each call is a request of the HTTP API with the caller's own token: what may be done, what it costs
 * and what is on record are the same. https://modelcontextprotocol.io/specification
 */
export function mcpRoutes({ settings }: Deps, ask: Ask) {
  const app = newRouter()
  const admit: MiddlewareHandler<AppEnv> = async (c, next) => {
    callerOf(c)
    refuseForeignOrigin(c, [new URL(settings.publicUrl()).origin, ...settings.corsOrigins])
    await next()
  }
  app.post('/mcp', admit, receiveBody(CALLERS_BODY), async (c) => {
    const isBatch = /^\s*\[/.test(await c.req.text())
    if (isBatch) return c.json(NO_BATCHES, 400)
    const server = new McpServer({ name: 'igny8', version: '1' })
    for (const tool of TOOLS) {
      const { name, title, description, input, readOnly = false } = tool
      const annotations = { title, readOnlyHint: readOnly, openWorldHint: name === 'publish' }
      const config = { title, description, inputSchema: input, annotations }
      server.registerTool(name, config, (args: Record<string, unknown>) => call(c, ask, tool, args))
    }
    const transport = new StreamableHTTPTransport({ enableJsonResponse: true })
    await server.connect(transport)
    return (await transport.handleRequest(c)) ?? c.body(null, 202)
  })
  return app
}

/** A page that made its visitor's browser call a service in their own network is told no. */
function refuseForeignOrigin(c: Context<AppEnv>, allowed: string[]): void {
  const origin = c.req.header('origin')
  if (origin === undefined || allowed.includes(origin)) return
  throw new DomainError('permission_denied', `Pages of ${origin} may not call this server.`)
}

async function call(
  c: Context<AppEnv>,
  ask: Ask,
  { method, path, form }: Tool,
  args: Record<string, unknown>,
): Promise<CallToolResult> {
  const rest = { ...args }
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = String(rest[name])
    delete rest[name]
    return encodeURIComponent(value)
  })
  const isRead = method === 'GET'
  const query = isRead ? `?${new URLSearchParams(textOf(rest))}` : ''
  const headers = new Headers(form ? {} : { 'content-type': 'application/json' })
  for (const name of PASSED_ON) {
    const value = c.req.header(name)
    if (value !== undefined) headers.set(name, value)
  }
  const body = isRead ? undefined : (form?.(rest) ?? JSON.stringify(rest))
  const answer = await ask(`/api/v1/${filled}${query}`, { method, headers, body }, c.env)
  return resultOf(answer)
}

const textOf = (args: Record<string, unknown>) =>
  Object.entries(args).map(([name, value]) => [name, String(value)])

async function resultOf(answer: Response): Promise<CallToolResult> {
  const json = (await answer.json()) as Record<string, unknown>
  if (answer.ok) {
    return { content: [{ type: 'text', text: JSON.stringify(json) }], structuredContent: json }
  }
  const { code, detail, errors } = json
  const text = `${code}: ${detail}${errors ? ` ${JSON.stringify(errors)}` : ''}`
  return { content: [{ type: 'text', text }], isError: true }
}
