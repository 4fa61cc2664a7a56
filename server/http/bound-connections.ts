import type { RequestListener, Server } from 'node:http'
import type { Socket } from 'node:net'

/** Open connections; further ones are closed. */
const MAX_CONNECTIONS = 2_000
/** Unanswered requests per connection. */
const MAX_PIPELINED = 16
/** How long a response waits for the client to read more of it. */
const STALLED_MS = 30_000

/**
 * Limits the number of connections, the requests pipelined on each, and how long a response is kept for a
 * client that does not read it. Requests of one connection run one at a time, whereas Node would start all
 * that have arrived. A connection that exceeds a limit is closed. Call this after the request listener is set.
 */
export function boundConnections(server: Server, stalledMs = STALLED_MS): void {
  server.maxConnections = MAX_CONNECTIONS
  const [handle] = server.listeners('request') as RequestListener[]
  server.removeListener('request', handle!)
  /** The first request of each connection is running. */
  const unanswered = new WeakMap<Socket, (() => void)[]>()
  server.on('request', (request, response) => {
    const { socket } = request
    if (socket.destroyed) return
    const requests = unanswered.get(socket) ?? []
    unanswered.set(socket, requests)
    requests.push(() => {
      response.once('close', () => {
        requests.shift()
        if (!socket.destroyed) requests[0]?.()
      })
      handle!(request, response)
    })
    if (requests.length === 1) requests[0]!()
    else if (requests.length > MAX_PIPELINED) socket.destroy()
  })
  // The socket was idle. A running handler may take longer; idle keep-alive connections end here too.
  server.timeout = stalledMs
  server.on('timeout', (socket) => {
    if (socket.writableLength > 0 || !unanswered.get(socket)?.length) socket.destroy()
  })
}
