import type { RequestListener, Server } from 'node:http'
import type { Socket } from 'node:net'

/** Open at once; further ones are closed as they come. */
const MAX_CONNECTIONS = 2_000
/** How many requests of one connection may have arrived without being answered. */
const MAX_PIPELINED = 16
/** How long an answer waits for its reader to take more of it. */
const STALLED_MS = 30_000

/**
 * Limits what connections cost: how many there are, how far requests run ahead of their answers, and
 * how long an answer is kept for a client that does not read it. The requests of a connection are
 * carried out one after the other: Node starts all that it finds in what has arrived. A connection
 * past a limit is cut off. Call it once `server` has its listener.
 */
export function boundConnections(server: Server, stalledMs = STALLED_MS): void {
  server.maxConnections = MAX_CONNECTIONS
  const [carryOut] = server.listeners('request') as RequestListener[]
  server.removeListener('request', carryOut!)
  /** The first of each is under way. */
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
      carryOut!(request, response)
    })
    if (requests.length === 1) requests[0]!()
    else if (requests.length > MAX_PIPELINED) socket.destroy()
  })
  // Nothing has passed either way. A handler may take its time; keep-alive ends this way too.
  server.timeout = stalledMs
  server.on('timeout', (socket) => {
    if (socket.writableLength > 0 || !unanswered.get(socket)?.length) socket.destroy()
  })
}
