import { Client as McpClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeApi } from '../../server/client/describe-api.ts'
import { type ApiDescription, toolsOf } from '../../server/mcp/tools.ts'
import type { Client, Json } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { until } from '../helpers/until.ts'
import { newSector, type Sector } from '../planner/sector.ts'

let service: TestService
let owner: Client
let sector: Sector
let mcp: McpClient

beforeAll(async () => {
  service = await startTestService()
  owner = await service.owner('Ours')
  sector = await newSector(owner)
  mcp = await connected(await keyOf(owner))
})
afterAll(async () => {
  await mcp?.close()
  await service.stop()
})

async function keyOf(client: Client, access = 'write'): Promise<string> {
  const { status, body } = await client.post<{ key: string }>('auth/api_keys/', {
    name: 'MCP',
    access,
  })
  expect(status).toBe(201)
  return body.key
}

async function connected(token: string): Promise<McpClient> {
  const client = new McpClient({ name: 'test', version: '1' })
  const requestInit = { headers: { authorization: `Bearer ${token}` } }
  await client.connect(
    new StreamableHTTPClientTransport(new URL(`${service.url}/mcp`), { requestInit }),
  )
  return client
}

type Result = { isError?: boolean; structuredContent?: Json; content: { text: string }[] }
const tool = async (name: string, args: object, client = mcp) =>
  (await client.callTool({ name, arguments: { ...args } })) as unknown as Result

async function run(name: string, args: object): Promise<void> {
  const { structuredContent, content } = await tool(name, args)
  expect(structuredContent, content[0]?.text).toBeDefined()
  const task_id = structuredContent!.task_id
  const isDone = async () => {
    const { structuredContent: progress } = await tool('get_run', { task_id })
    if (progress!.state === 'SUCCESS') return true
    expect(['PENDING', 'PROGRESS']).toContain(progress!.state)
  }
  await until(isDone, { what: `the success of ${name}` })
}
const listed = async (name: string, args: object = {}) =>
  (await tool(name, args)).structuredContent!.results as (Json & { id: number })[]

const post = (init: RequestInit = {}) =>
  fetch(`${service.url}/mcp`, {
    method: 'POST',
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
    ...init,
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...init.headers,
    },
  })

describe('the MCP server', () => {
  it('lists its tools, each with its arguments and whether it only reads', async () => {
    const { tools } = await mcp.listTools()
    const publish = tools.find(({ name }) => name === 'publish')!
    expect(publish.inputSchema).toMatchObject({ required: ['ids'] })
    expect(publish.annotations).toMatchObject({ readOnlyHint: false, openWorldHint: true })
    const getTask = tools.find(({ name }) => name === 'get_task')!
    expect(getTask.annotations!.readOnlyHint).toBe(true)
    expect(getTask.inputSchema).toMatchObject({ required: ['id'] })
    const quote = tools.find(({ name }) => name === 'quote')!
    expect(quote.inputSchema).toMatchObject({ required: ['operation', 'request'] })
    expect(quote.annotations!.readOnlyHint).toBe(true)
  })

  it('names each tool once, and no two arguments of one alike', () => {
    const tools = toolsOf(describeApi() as ApiDescription)
    expect(new Set(tools.map(({ name }) => name)).size).toBe(tools.length)
    for (const { name, inputSchema } of tools) {
      const required = inputSchema.required ?? []
      expect(new Set(required).size, name).toBe(required.length)
      expect(Object.keys(inputSchema), name).not.toContain('oneOf')
      expect(JSON.stringify(inputSchema), name).not.toContain('$ref')
    }
  })

  it('turns keywords into an article with images', async () => {
    const words = ['espresso', 'espresso beans', 'espresso machine', 'espresso grinder']
    const file = ['keyword,volume', ...words.map((word) => `${word},10`)].join('\n')
    const added = await tool('import_keywords', { ...sector, file })
    expect(added.structuredContent).toMatchObject({ imported: 4, skipped: 0 })
    await run('cluster_keywords', sector)
    const [cluster] = await listed('list_clusters', { sector_id: sector.sector_id })
    await run('generate_ideas', { ids: [cluster!.id], ideas_per_cluster: 2 })
    const ideas = await listed('list_ideas', { keyword_cluster_id: cluster!.id })
    expect(ideas).toHaveLength(2)
    const queued = await tool('queue_ideas', { ids: [ideas[0]!.id] })
    const [{ id }] = queued.structuredContent!.tasks as [{ id: number }]
    const request = { ids: [id], then: ['images'], images_per_task: 1 }
    const quote = await tool('quote', { operation: 'auto_generate_content', request })
    expect(quote.structuredContent).toMatchObject({ credits: 4, affordable: true })
    await run('generate_content', request)
    const task = await tool('get_task', { id })
    expect(task.structuredContent).toMatchObject({ id, status: 'review' })
    expect(String(task.structuredContent!.html_content)).toContain('<h2>')
  })

  it('imports keywords as the API does', async () => {
    const place = await newSector(owner, 'Imported')
    const first =
      'keyword,volume,difficulty,intent\n"=1+1, ""quoted""",5,7,commercial\nTea,1\nhard,,101\n'
    expect(
      (await tool('import_keywords', { ...place, file: first })).structuredContent,
    ).toMatchObject({
      ...{ imported: 2, updated: 0, skipped: 1 },
      errors: [{ line: 4, message: expect.stringContaining('difficulty') }],
    })
    const second = 'Volume,Keyword\n900,tea\n4,coffee\n'
    const read = await tool('import_keywords', { ...place, file: second })
    expect(read.structuredContent).toMatchObject({ imported: 1, updated: 1 })
    const results = await listed('list_keywords', { ...place, page_size: 10 })
    const seen = results.map(({ keyword, volume, intent }) => [keyword, volume, intent])
    expect(seen.sort()).toEqual([
      ['=1+1, "quoted"', 5, 'commercial'],
      ['Tea', 900, 'informational'],
      ['coffee', 4, 'informational'],
    ])
  })

  it('returns errors of the API as tool errors, with the code', async () => {
    const refused = await tool('publish', { ids: [999_999] })
    expect(refused).toMatchObject({ isError: true })
    expect(refused.content[0]!.text).toMatch(/^not_found: /)
    const wrong = await tool('publish', { ids: 'all', when: 'now' })
    expect(wrong.content[0]!.text).toMatch(/^validation_failed: .*ids.*when/)
    const unknown = await tool('list_tasks', { colour: 'red' })
    expect(unknown.content[0]!.text).toMatch(/colour/)
    const csv = await tool('import_keywords', { ...sector, file: 'word\ntea\n' })
    expect(csv.content[0]!.text).toMatch(/^csv_invalid: /)
    await expect(tool('get_task', {})).rejects.toThrow('id is required')
    for (const id of ['..', '.', '1/conflict', '', -1, 'x?y=1']) {
      await expect(tool('get_task', { id })).rejects.toThrow('positive whole number')
    }
    await expect(tool('no_such_tool', {})).rejects.toThrow('There is no tool no_such_tool')
  })

  it('follows, cancels and undoes what it started', async () => {
    const place = await newSector(owner, 'Stopped')
    await tool('import_keywords', { ...place, file: 'keyword\nmatcha\nsencha\n' })
    const { structuredContent: run } = await tool('cluster_keywords', place)
    const cancelled = await tool('cancel_run', { task_id: run!.task_id })
    expect(cancelled.structuredContent).toMatchObject({ task_id: run!.task_id })
    const balance = await tool('get_balance', {})
    expect(balance.structuredContent).toHaveProperty('balance')
    expect(await listed('list_publications')).toEqual([])
    const noConflict = await tool('get_conflict', { id: 999_999 })
    expect(noConflict.content[0]!.text).toMatch(/^not_found/)
  })

  it('lets a person approve, but not an API key', async () => {
    const title = 'To be approved'
    const { body } = await owner.post<{ id: number }>('writer/tasks/', { ...sector, title })
    await owner.run('writer/tasks/auto_generate_content/', { ids: [body.id] })
    const ids = [body.id]
    expect((await tool('approve', { ids })).content[0]!.text).toMatch(/^permission_denied/)
    const person = await connected(owner.token)
    const read = await tool('get_task', { id: body.id }, person)
    const if_match = read.content[1]!.text.split(': ')[1]
    await tool('update_task', { id: body.id, title: 'Changed', if_match }, person)
    const stale = await tool('approve', { ids, if_match }, person)
    expect(stale.content[0]!.text).toMatch(/^precondition_failed/)
    const { structuredContent } = await tool('approve', { ids }, person)
    expect(structuredContent).toEqual({ approved: 1 })
    await person.close()
  })

  it("refuses another account's ids, and a key that only reads its writes", async () => {
    const stranger = await service.owner('Theirs')
    const theirs = await newSector(stranger, 'Theirs')
    expect(
      (await tool('import_keywords', { ...theirs, file: 'keyword\nx\n' })).content[0]!.text,
    ).toMatch(/^not_found/)
    expect(JSON.stringify(await listed('list_sites'))).not.toContain('Theirs')
    const reader = await connected(await keyOf(owner, 'read'))
    expect((await tool('list_sites', {}, reader)).isError).toBeFalsy()
    const refused = await tool('import_keywords', { ...sector, file: 'keyword\ny\n' }, reader)
    expect(refused.content[0]!.text).toMatch(/^permission_denied/)
    await reader.close()
  })

  it('requires authentication and checks the origin', async () => {
    const nobody = await post()
    expect(nobody.status).toBe(401)
    expect(nobody.headers.get('www-authenticate')).toContain('Bearer')
    const authorization = `Bearer ${await keyOf(owner)}`
    expect((await post({ headers: { authorization } })).status).toBe(200)
    const foreign = await post({ headers: { authorization, origin: 'https://evil.example' } })
    expect(foreign.status).toBe(403)
    const junk = await post({ headers: { authorization }, body: 'junk' })
    expect(junk.status).toBe(400)
    expect((await fetch(`${service.url}/mcp`, { headers: { authorization } })).status).toBe(405)
  })

  it('refuses batches', async () => {
    const authorization = `Bearer ${await keyOf(owner)}`
    const one = { jsonrpc: '2.0', id: 1, method: 'tools/list' }
    const batch = await post({ headers: { authorization }, body: ` [${JSON.stringify(one)}]` })
    expect(batch.status).toBe(400)
    expect(await batch.json()).toMatchObject({ error: { code: -32600 }, id: null })
  })
})

it('counts the calls of a client by its own address behind a proxy', async () => {
  const limited = await startTestService({
    role: 'api',
    api: 'node',
    config: { rateLimits: { account: 0, address: 4 }, trustedProxies: ['127.0.0.0/8'] },
  })
  try {
    const authorization = `Bearer ${await keyOf(await limited.owner())}`
    const call = async (address: string) => {
      const answer = await fetch(`${limited.url}/mcp`, {
        method: 'POST',
        headers: {
          authorization,
          'x-forwarded-for': address,
          accept: 'application/json, text/event-stream',
          'content-type': 'application/json',
        },
        body: JSON.stringify({
          jsonrpc: '2.0',
          id: 1,
          method: 'tools/call',
          params: { name: 'list_sites', arguments: {} },
        }),
      })
      return (await answer.json()) as { result: Result }
    }
    // Each is two requests of its address: of one bucket, the third would be refused.
    for (const n of [1, 2, 3, 4]) {
      const { result } = await call(`198.51.100.${n}`)
      expect(result.isError, result.content[0]?.text).toBeFalsy()
    }
  } finally {
    await limited.stop()
  }
})
