import http from 'node:http'
import type { AddressInfo } from 'node:net'
import sharp from 'sharp'
import { answerTo } from './openai-answers.ts'
import { strictSchemaProblems } from './openai-strict.ts'

export type OpenAiServerOptions = {
  /** When given, any other key is answered 401. */
  apiKey?: string
  /** When given, any other model is answered 404. */
  models?: string[]
  /** How pictures come: as gpt-image-1 gives them, or by address as dall-e-3 does. */
  imagesAs?: 'b64_json' | 'url'
}

/** What the server does with the next request instead of answering it well. */
export type Scripted =
  | { do: 'status'; status: number; headers?: Record<string, string>; error?: WireError }
  /** A completion with this content. */
  | { do: 'content'; content: string }
  /** A completion that ran into the token limit. */
  | { do: 'truncated' }
  | { do: 'refusal'; refusal: string }
  /** A body that claims to be JSON but is not. */
  | { do: 'bad_json' }
  /** Answers nothing, until the client gives up. */
  | { do: 'hang' }
  /** Answers well, but only after that. */
  | { do: 'wait'; until: Promise<void> }
  /** Closes the connection without an answer. */
  | { do: 'drop' }
  | { do: 'redirect'; location: string }
type WireError = { message: string; type?: string; code?: string | null }

type OpenAiRequest = {
  method: string
  path: string
  headers: http.IncomingHttpHeaders
  body: Record<string, unknown>
  /** When it came, in milliseconds of `performance.now()`. */
  at: number
}

export type OpenAiServer = {
  /** The `base_url`, with its /v1. */
  url: string
  /** For the allow-list. */
  hostPort: string
  requests: OpenAiRequest[]
  /** One entry a request, in order; after the last, requests are answered well again. */
  script(...next: Scripted[]): void
  /** Resolves with the next request that comes. */
  nextRequest(): Promise<OpenAiRequest>
  stop(): Promise<void>
}

type Reply = { status: number; headers?: Record<string, string>; body: string | Buffer }

/** A server on 127.0.0.1 that speaks OpenAI's wire format: completions, pictures, the models. */
export async function startOpenAiServer(options: OpenAiServerOptions = {}): Promise<OpenAiServer> {
  const requests: OpenAiRequest[] = []
  const scripted: Scripted[] = []
  let waiting: ((request: OpenAiRequest) => void)[] = []
  const server = http.createServer(async (incoming, response) => {
    const request = await read(incoming)
    requests.push(request)
    for (const tell of waiting.splice(0)) tell(request)
    const next = request.path.startsWith('/v1/') ? scripted.shift() : undefined
    if (next?.do === 'hang') return
    if (next?.do === 'wait') await next.until
    if (next?.do === 'drop') return void incoming.socket.destroy()
    const { status, headers, body } = await reply(request, options, next)
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const hostPort = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: `http://${hostPort}/v1`,
    hostPort,
    requests,
    script: (...next) => void scripted.push(...next),
    nextRequest: () => new Promise((resolve) => waiting.push(resolve)),
    stop: () =>
      new Promise((resolve) => {
        waiting = []
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function read(incoming: http.IncomingMessage): Promise<OpenAiRequest> {
  const at = performance.now()
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString()
  const { method = '', url: path = '', headers } = incoming
  return { method, path, headers, body: text ? JSON.parse(text) : {}, at }
}

async function reply(
  request: OpenAiRequest,
  options: OpenAiServerOptions,
  scripted: Scripted | undefined,
): Promise<Reply> {
  const { path, headers, body } = request
  if (path === '/picture.png') {
    return { status: 200, headers: { 'content-type': 'image/png' }, body: await picture() }
  }
  if (options.apiKey && headers.authorization !== `Bearer ${options.apiKey}`) {
    const given = headers.authorization?.replace('Bearer ', '')
    const message = `Incorrect API key provided: ${given}.`
    return failure(401, { message, type: 'invalid_request_error', code: 'invalid_api_key' })
  }
  if (scripted?.do === 'status') {
    const error = scripted.error ?? { message: 'The server had an error.', type: 'server_error' }
    return { ...failure(scripted.status, error), headers: scripted.headers }
  }
  if (scripted?.do === 'redirect') {
    return { status: 307, headers: { location: scripted.location }, body: '' }
  }
  if (scripted?.do === 'bad_json') return { status: 200, body: '{"choices": [' }
  const models = options.models ?? ['gpt-4o-mini', 'gpt-image-1']
  if (path === '/v1/models') return ok({ object: 'list', data: models.map(modelObject) })
  if (options.models && !models.includes(String(body.model))) {
    const message = `The model \`${body.model}\` does not exist or you do not have access to it.`
    return failure(404, { message, type: 'invalid_request_error', code: 'model_not_found' })
  }
  if (path === '/v1/chat/completions') return complete(body, scripted)
  if (path === '/v1/images/generations') return generateImage(request, options)
  return { status: 404, headers: { 'content-type': 'text/plain' }, body: '404 page not found' }
}

type Message = { role: string; content: string }
type JsonSchemaFormat = { type: string; json_schema?: { name: string; schema: unknown } }

function complete(body: Record<string, unknown>, scripted: Scripted | undefined): Reply {
  const messages = body.messages as Message[]
  const format = body.response_format as JsonSchemaFormat | undefined
  const problems = format?.json_schema ? strictSchemaProblems(format.json_schema.schema) : []
  if (!format?.json_schema || problems.length > 0) {
    const message = `Invalid schema for response_format: ${problems.join('; ') || 'none given'}`
    return failure(400, { message, type: 'invalid_request_error', code: null })
  }
  const asked = messages.filter(({ role }) => role === 'user')
  const answer = JSON.stringify(answerTo(format.json_schema.name, asked[0]?.content ?? ''))
  const refusal = scripted?.do === 'refusal' ? scripted.refusal : null
  const whole = scripted?.do === 'content' ? scripted.content : answer
  const isCut = scripted?.do === 'truncated'
  const content = isCut ? whole.slice(0, whole.length / 2) : whole
  const prompt_tokens = Math.ceil(JSON.stringify(messages).length / 4)
  const completion_tokens = Math.ceil(content.length / 4)
  const message = { role: 'assistant', content: refusal ? null : content, refusal }
  return ok({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: body.model,
    choices: [{ index: 0, message, finish_reason: isCut ? 'length' : 'stop', logprobs: null }],
    usage: { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens },
  })
}

async function generateImage(request: OpenAiRequest, options: OpenAiServerOptions): Promise<Reply> {
  const usage = { input_tokens: 50, output_tokens: 1568, total_tokens: 1618 }
  const image =
    options.imagesAs === 'url'
      ? { url: `http://${request.headers.host}/picture.png` }
      : { b64_json: (await picture()).toString('base64') }
  return ok({ created: 1_700_000_000, data: [image], usage })
}

/** A picture as large as gpt-image-1's: a sky that darkens to one side. */
function picture(): Promise<Buffer> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="1536" height="1024">
    <linearGradient id="sky"><stop stop-color="#7dd3fc"/><stop offset="1" stop-color="#1e3a8a"/>
    </linearGradient><rect width="1536" height="1024" fill="url(#sky)"/>
    <circle cx="768" cy="512" r="240" fill="#fde68a"/></svg>`
  return sharp(Buffer.from(svg)).png().toBuffer()
}

function modelObject(id: string) {
  return { id, object: 'model', created: 1_700_000_000, owned_by: 'system' }
}

function ok(body: unknown): Reply {
  return { status: 200, body: JSON.stringify(body) }
}

function failure(status: number, error: WireError): Reply {
  const whole = { param: null, type: 'invalid_request_error', code: null, ...error }
  return { status, body: JSON.stringify({ error: whole }) }
}
