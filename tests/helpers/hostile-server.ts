import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'

const MB = 1024 * 1024
const JSON_TYPE = { 'content-type': 'application/json' }

type Reply = (response: http.ServerResponse, request: http.IncomingMessage) => void

const json = (status: number, body: string): Reply => {
  return (response) => response.writeHead(status, JSON_TYPE).end(body)
}
const wpError = (message: string) => JSON.stringify({ code: 'x', message, data: { status: 400 } })

/** Ways to answer, none of which may harm who asked. */
export const HOSTILE_ANSWERS = {
  'nothing, ever': () => undefined,
  'a byte a second'(response) {
    response.writeHead(200, { 'content-type': 'text/html' })
    const drip = setInterval(() => response.write('<'), 1_000)
    response.on('close', () => clearInterval(drip))
  },
  'without end'(response) {
    response.writeHead(200, { 'content-type': 'text/html' })
    const chunk = Buffer.alloc(64 * 1024, '<')
    const fill = () => {
      while (!response.destroyed && response.write(chunk));
    }
    response.on('drain', fill)
    fill()
  },
  'an error without end'(response) {
    response.statusCode = 500
    HOSTILE_ANSWERS['without end'](response)
  },
  '8 MB of links that do not close': (response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<link '.repeat((8 * MB) / 6))
  },
  'an error message of 60 KB of <': json(400, wpError('<'.repeat(60 * 1024))),
  'an error message of 8 MB of <': json(400, wpError('<'.repeat(8 * MB))),
  'a list of four million values': json(200, `[${'1,'.repeat(4 * MB)}1]`),
  'lists in lists': json(200, '['.repeat(4 * MB)),
  'a gzip bomb'(response) {
    response.writeHead(200, { 'content-encoding': 'gzip', ...JSON_TYPE })
    response.end(gzipSync(Buffer.alloc(200 * MB, ' ')))
  },
  'a broken chunk'(response) {
    response.socket?.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n<html>')
  },
  'headers of a megabyte'(response) {
    response.socket?.end(`HTTP/1.1 200 OK\r\nx-long: ${'x'.repeat(MB)}\r\n\r\n`)
  },
  'a redirect to itself'(response, request) {
    response.writeHead(302, { location: request.url }).end()
  },
  'a redirect to a private address'(response) {
    response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data/' }).end()
  },
} satisfies Record<string, Reply>
export type HostileAnswer = keyof typeof HOSTILE_ANSWERS

export type HostileServer = {
  url: string
  /** For the allow-list. */
  hostPort: string
  /** Answers every request so from now on; null: as a WordPress whose user may be linked. */
  answer(how: HostileAnswer | Reply | null): void
  /** How many requests were answered with hostility. */
  attacked(): number
  stop(): Promise<void>
}

/** A server on 127.0.0.1 that passes for a WordPress until it is told to turn hostile. */
export async function startHostileServer(): Promise<HostileServer> {
  let reply: Reply | null = null
  let attacked = 0
  const server = http.createServer((request, response) => {
    request.resume()
    response.on('error', () => undefined)
    if (!reply) return polite(request, response)
    attacked++
    reply(response, request)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const hostPort = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: `http://${hostPort}`,
    hostPort,
    answer(how) {
      reply = typeof how === 'string' ? HOSTILE_ANSWERS[how] : how
    },
    attacked: () => attacked,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** What linking a site asks of a WordPress, and no more. */
function polite({ url = '' }: http.IncomingMessage, response: http.ServerResponse): void {
  const { pathname } = new URL(url, 'http://site')
  const answers: Record<string, unknown> = {
    '/': {},
    '/wp-json/': { name: 'Hostile', namespaces: ['wp/v2'] },
    '/wp-json/wp/v2/users/me': {
      ...{ id: 1, name: 'editor', roles: ['editor'] },
      capabilities: { edit_posts: true, publish_posts: true, upload_files: true },
    },
  }
  const found = answers[pathname]
  const missing = { code: 'rest_no_route', message: 'No route.', data: { status: 404 } }
  response.writeHead(found ? 200 : 404, JSON_TYPE).end(JSON.stringify(found ?? missing))
}

/** A completion of OpenAI's with this article as its answer. */
export function completionWith(html_content: string): Reply {
  const content = JSON.stringify({
    ...{ html_content, meta_title: 'T', meta_description: 'D', slug: 's', excerpt: '' },
  })
  const choices = [{ finish_reason: 'stop', message: { role: 'assistant', content } }]
  return json(200, JSON.stringify({ id: 'x', object: 'chat.completion', choices }))
}
