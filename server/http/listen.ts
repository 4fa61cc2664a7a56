import type { Server } from 'node:http'
import { serve } from '@hono/node-server'
import type { createApp } from '../app.ts'
import type { Config } from '../config.ts'
import type { NodeMetrics } from '../observability/node-metrics.ts'
import { boundConnections } from './bound-connections.ts'
import { answerMalformed, endUnreadRequests, SERVER_OPTIONS } from './http-server.ts'

/** How long requests may still run after draining has begun. */
const DRAIN_MS = 20_000

/** Starts the HTTP server on the configured host and port. */
export function listen(app: ReturnType<typeof createApp>, config: Config, metrics: NodeMetrics) {
  return new Promise<{ server: Server; port: number }>((resolve, reject) => {
    const server = serve(
      {
        fetch: app.fetch,
        hostname: config.host,
        port: config.port,
        serverOptions: SERVER_OPTIONS,
      },
      ({ port }) => resolve({ server, port }),
    ) as Server
    server.once('error', reject)
    boundConnections(server)
    endUnreadRequests(server)
    answerMalformed(server)
    metrics.watch(server)
  })
}

/** Stops accepting connections, lets requests finish, and closes streams after `DRAIN_MS`. */
export async function closeServer(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  server.closeIdleConnections()
  const patience = setTimeout(() => server.closeAllConnections(), DRAIN_MS)
  await closed
  clearTimeout(patience)
}
