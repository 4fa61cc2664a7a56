import http from 'node:http'
import type { AddressInfo } from 'node:net'
import sharp from 'sharp'

type RunwareTask = Record<string, unknown> & { taskType: string; taskUUID: string }
type RunwareRequest = { headers: http.IncomingHttpHeaders; tasks: RunwareTask[]; at: number }

/** What the server does with the next request instead of answering it well. */
export type RunwareScripted =
  | { do: 'error'; status: number; error?: WireError; headers?: Record<string, string> }
  /** A body that is not what Runware sends, with a 200. */
  | { do: 'body'; body: string }
  /** The picture by URL, or something that is not a picture. */
  | { do: 'url' }
  | { do: 'picture'; base64: string }
  /** Answers nothing, until the client gives up. */
  | { do: 'hang' }
  | { do: 'redirect'; location: string }
type WireError = { code: string; message: string; parameter?: string }

export type RunwareServer = {
  /** The `base_url`, with its /v1. */
  url: string
  /** For the allow-list. */
  hostPort: string
  requests: RunwareRequest[]
  /** The tasks of all requests. */
  tasks(): RunwareTask[]
  /** One entry a request, in order; after the last, requests are answered well again. */
  script(...next: RunwareScripted[]): void
  stop(): Promise<void>
}

type Reply = { status: number; body: string | Buffer; headers?: Record<string, string> }

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const MODELS = ['runware:100@1', 'runware:101@1']

/** A server on 127.0.0.1 that speaks Runware's HTTP protocol: arrays of tasks, each with its UUID. */
export async function startRunwareServer(options: { apiKey: string }): Promise<RunwareServer> {
  const requests: RunwareRequest[] = []
  const scripted: RunwareScripted[] = []
  const used = new Set<string>()
  const server = http.createServer(async (incoming, response) => {
    const send = ({ status, body, headers }: Reply) =>
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)
    if (incoming.url === '/picture.jpg') {
      if (incoming.headers.authorization) return send({ status: 400, body: 'a key was sent along' })
      return send({ status: 200, body: await picture(512, 512, 'jpeg') })
    }
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk)
    const tasks: RunwareTask[] = JSON.parse(Buffer.concat(chunks).toString())
    requests.push({ headers: incoming.headers, tasks, at: performance.now() })
    const next = scripted.shift()
    if (next?.do === 'hang') return
    if (incoming.method !== 'POST' || incoming.url !== '/v1' || !Array.isArray(tasks)) {
      return send(failed(404, { code: 'notFound', message: 'Not found' }))
    }
    if (incoming.headers.authorization !== `Bearer ${options.apiKey}`) {
      const message = `Invalid API key ${incoming.headers.authorization}. Get one at https://my.runware.ai/signup`
      return send(failed(401, { code: 'invalidApiKey', message, parameter: 'apiKey' }))
    }
    send(await reply(tasks, next, `http://${incoming.headers.host}`, used))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const hostPort = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: `http://${hostPort}/v1`,
    hostPort,
    requests,
    tasks: () => requests.flatMap(({ tasks }) => tasks),
    script: (...next) => void scripted.push(...next),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function reply(
  tasks: RunwareTask[],
  scripted: RunwareScripted | undefined,
  origin: string,
  used: Set<string>,
): Promise<Reply> {
  if (scripted?.do === 'error') {
    const error = scripted.error ?? { code: 'serverError', message: 'Something failed.' }
    return { ...failed(scripted.status, error), headers: scripted.headers }
  }
  if (scripted?.do === 'redirect') {
    return { status: 307, body: '', headers: { location: scripted.location } }
  }
  if (scripted?.do === 'body') return { status: 200, body: scripted.body }
  const data: object[] = []
  for (const task of tasks) {
    const problem = problemOf(task, used)
    if (problem) return failed(400, { ...problem })
    data.push(await resultOf(task, scripted, origin))
  }
  return { status: 200, body: JSON.stringify({ data }) }
}

function problemOf(task: RunwareTask, used: Set<string>): WireError | undefined {
  const wrong = (parameter: string, message: string): WireError => ({
    code: `invalid${parameter[0]!.toUpperCase()}${parameter.slice(1)}`,
    message,
    parameter,
  })
  if (!UUID_V4.test(task.taskUUID)) return wrong('taskUUID', 'taskUUID must be a UUID v4')
  if (used.has(task.taskUUID)) return wrong('taskUUID', 'taskUUID was used before')
  used.add(task.taskUUID)
  if (task.taskType === 'accountManagement') {
    return task.operation === 'getDetails' ? undefined : wrong('operation', 'unknown operation')
  }
  if (task.taskType !== 'imageInference') return wrong('taskType', 'unknown taskType')
  for (const name of ['positivePrompt', 'negativePrompt']) {
    const prompt = task[name]
    if (prompt === undefined && name === 'negativePrompt') continue
    if (typeof prompt !== 'string' || prompt.length < 2 || prompt.length > 3000) {
      return wrong(name, `${name} must have 2 to 3000 characters`)
    }
  }
  for (const name of ['width', 'height']) {
    const side = Number(task[name])
    if (side % 64 !== 0 || side < 128 || side > 2048) {
      return wrong(name, `${name} must be a multiple of 64 from 128 to 2048`)
    }
  }
  if (!MODELS.includes(String(task.model))) return wrong('model', `No model ${task.model}`)
  return undefined
}

async function resultOf(
  { taskType, taskUUID, ...task }: RunwareTask,
  scripted: RunwareScripted | undefined,
  origin: string,
): Promise<object> {
  if (taskType === 'accountManagement') {
    return { taskType, taskUUID, operation: 'getDetails', balance: 12.5, team: [], apiKeys: [] }
  }
  const bytes = await picture(Number(task.width), Number(task.height), 'png')
  const image =
    scripted?.do === 'url'
      ? { imageURL: `${origin}/picture.jpg` }
      : {
          imageBase64Data: scripted?.do === 'picture' ? scripted.base64 : bytes.toString('base64'),
        }
  const cost = task.includeCost ? { cost: 0.0038 } : {}
  return { taskType, taskUUID, imageUUID: crypto.randomUUID(), ...image, ...cost }
}

function failed(status: number, error: WireError): Reply {
  return { status, body: JSON.stringify({ errors: [error] }) }
}

/** Not of one colour, so that it has something to crop to. */
function picture(width: number, height: number, format: 'png' | 'jpeg'): Promise<Buffer> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
    <linearGradient id="sky"><stop stop-color="#fecaca"/><stop offset="1" stop-color="#7f1d1d"/>
    </linearGradient><rect width="100%" height="100%" fill="url(#sky)"/>
    <circle cx="50%" cy="50%" r="20%" fill="#fde68a"/></svg>`
  return sharp(Buffer.from(svg)).toFormat(format).toBuffer()
}
