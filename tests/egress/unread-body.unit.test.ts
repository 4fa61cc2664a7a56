import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createEgress, type Egress } from '../../server/egress/egress.ts'

/** Around what fetch takes in before anybody reads. */
const SIZES = [1_000, 16_384, 65_536, 66_000, 70_000, 100_000, 131_072, 200_000]

let server: net.Server
let egress: Egress
let hostPort: string
let size = 0
let ended = Promise.withResolvers<void>()
beforeAll(async () => {
  server = net.createServer((socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n')
      socket.end(Buffer.alloc(size, 'x'), () => ended.resolve())
    })
    socket.on('error', () => ended.resolve())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  hostPort = `127.0.0.1:${(server.address() as net.AddressInfo).port}`
  egress = createEgress({ allowPrivate: [hostPort] })
})
afterAll(async () => {
  server.close()
  await egress.close()
})

// An older undici threw where nobody could catch it, and so any site could end the worker.
it('outlives a server that hangs up while its answer is not read', async () => {
  for (size of SIZES) {
    ended = Promise.withResolvers()
    const response = await egress.fetch(`http://${hostPort}/`)
    await ended.promise
    // That the end has arrived here is told by no event while nobody reads.
    await delay(50)
    expect((await response.arrayBuffer()).byteLength).toBe(size)
  }
})
