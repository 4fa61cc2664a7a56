import { createServer, type RequestListener, type Server } from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { boundConnections } from '../../server/http/bound-connections.ts'

const ASK = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n'
/** More than the sockets between take of an answer that nobody reads. */
const LARGE = Buffer.alloc(64 * 1024 * 1024)

let server: Server
afterEach(() => server.closeAllConnections())

async function serve(listener: RequestListener, stalledMs?: number): Promise<net.Socket> {
  server = createServer(listener)
  boundConnections(server, stalledMs)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const socket = net.connect((server.address() as AddressInfo).port, '127.0.0.1')
  return socket.on('error', () => {})
}

it('handles the requests of a connection one after another, in order', async () => {
  const begun: string[] = []
  const answers: (() => void)[] = []
  const socket = await serve((request, response) => {
    begun.push(request.url!)
    answers.push(() => response.end(request.url))
  })
  let received = ''
  socket.on('data', (bytes) => {
    received += bytes
  })
  for (const path of ['/1', '/2', '/3']) socket.write(ASK.replace('/ ', `${path} `))
  for (const so of [['/1'], ['/1', '/2'], ['/1', '/2', '/3']]) {
    await expect.poll(() => begun).toEqual(so)
    answers.at(-1)!()
  }
  await expect.poll(() => received.match(/200 OK/g)?.length).toBe(3)
})

it('closes a connection with too many pipelined requests', async () => {
  let begun = 0
  const socket = await serve(() => void begun++)
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.write(ASK.repeat(5000))
  await closed
  expect(begun).toBe(1)
})

it('closes a connection whose response nobody reads, but waits for a handler', async () => {
  let answer = () => {}
  const unread = await serve((_, response) => {
    answer = () => void response.end(LARGE)
  }, 50)
  const cut = new Promise<void>((resolve) => {
    server.once('connection', (socket) => socket.once('close', () => resolve()))
  })
  unread.pause().write(ASK)
  await new Promise((resolve) => server.once('timeout', resolve))
  answer()
  await cut
})
