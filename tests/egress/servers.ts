import http from 'node:http'
import net from 'node:net'
import tls from 'node:tls'
import { SITE_TEST } from './tls-fixture.ts'

export type Listening = { port: number; hostPort: string; stop(): Promise<void> }

export function listenHttp(
  handler: http.RequestListener,
  where: { host?: string; port?: number } = {},
): Promise<Listening> {
  return listen(http.createServer(handler), where)
}

/** A server that gives each connection to `onConnection`, without HTTP. */
export function listenTcp(onConnection: (socket: net.Socket) => void): Promise<Listening> {
  return listen(net.createServer(onConnection), {})
}

/** HTTPS with the certificate of `site.test`; `serverNames` collects what clients named by SNI. */
export async function listenHttps(
  handler: http.RequestListener,
): Promise<Listening & { serverNames: (string | false)[] }> {
  const inner = http.createServer(handler)
  const serverNames: (string | false)[] = []
  const outer = tls.createServer(SITE_TEST, (socket) => {
    serverNames.push(socket.servername ?? false)
    inner.emit('connection', socket)
  })
  return { ...(await listen(outer, {})), serverNames }
}

function listen(
  server: net.Server,
  { host = '127.0.0.1', port = 0 }: { host?: string; port?: number },
): Promise<Listening> {
  const sockets = new Set<net.Socket>()
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      const listening = (server.address() as net.AddressInfo).port
      resolve({
        port: listening,
        hostPort: `127.0.0.1:${listening}`,
        stop: () =>
          new Promise((done) => {
            server.close(() => done())
            for (const socket of sockets) socket.destroy()
          }),
      })
    })
  })
}

/** A port that nothing listens on. */
export async function closedPort(): Promise<number> {
  const server = await listenTcp(() => undefined)
  await server.stop()
  return server.port
}
