import net from 'node:net'
import { newSector } from '../../planner/sector.ts'
import { type Attack, assertAlive, HoleError } from './attack.ts'
import { openRequest, openSocket, statusWithin } from './slow-request.ts'

const JSON_TYPE = { 'content-type': 'application/json' }
/** About a minute, and time for a slow machine. */
const LIMIT_MS = 90_000

export const callerAttacks: Attack[] = [
  {
    name: 'sends 40 MB to the import without a token',
    async run(target) {
      let sent = 0
      const chunk = new Uint8Array(1024 * 1024).fill(0x61)
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          if (sent === 40) return controller.close()
          sent++
          controller.enqueue(chunk)
        },
      })
      const response = await fetch(`${target.url}/api/v1/planner/keywords/import_csv/`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        duplex: 'half',
      } as RequestInit).catch(() => undefined)
      await assertAlive(target)
      // What the sockets between buffer is taken as well.
      if (sent > 12) throw new HoleError(`${sent} of 40 MB were taken`)
      return `answered ${response?.status ?? 'by closing'} after ${sent} of 40 MB`
    },
  },
  {
    name: 'announces bodies of 1 MB without a token and sends none of them',
    async run({ url }) {
      const keys: Record<string, string>[] = [{}, { 'idempotency-key': 'unsent' }]
      const paths = ['/api/v1/planner/keywords/', '/api/v1/planner/keywords/import_csv/', '/mcp']
      for (const path of paths) {
        for (const more of keys) {
          const headers = { ...JSON_TYPE, 'content-length': '1000000', ...more }
          const request = openRequest(url, 'POST', path, headers)
          const status = await statusWithin(request, 10_000)
          request.abandon()
          if (status !== 401) throw new HoleError(`${path} waits for the body: ${status}`)
        }
      }
      return `401 on ${paths.join(', ')} before the body`
    },
  },
  {
    name: 'sends slow headers and slow bodies, a byte a second',
    async run(target) {
      const { token } = await target.owner()
      const { url } = target
      const length = { ...JSON_TYPE, 'content-length': '9000' }
      const authorization = `Bearer ${token}`
      const slow = {
        headers: openSocket(url, 'GET /healthz HTTP/1.1\r\nhost: x\r\nx-slow: '),
        login: openRequest(url, 'POST', '/api/v1/auth/login/', length),
        me: openRequest(url, 'PATCH', '/api/v1/auth/me/', { ...length, authorization }),
      }
      const drip = setInterval(() => {
        for (const request of Object.values(slow)) request.send('x')
      }, 1000)
      const began = performance.now()
      const seen = await Promise.all(
        Object.entries(slow).map(async ([name, request]) => {
          const status = await statusWithin(request, LIMIT_MS)
          const seconds = Math.round((performance.now() - began) / 1000)
          return { status, said: `${name} ${status} after ${seconds} s` }
        }),
      )
      clearInterval(drip)
      for (const request of Object.values(slow)) request.abandon()
      const said = seen.map((one) => one.said).join(', ')
      if (seen.some(({ status }) => status !== 408)) throw new HoleError(said)
      return said
    },
  },
  {
    name: 'stalls 12 keyed imports behind their last boundary',
    async run(target) {
      const client = await target.owner()
      const { site_id, sector_id } = await newSector(client)
      const part = (name: string, text: string | number) =>
        `--X\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${text}\r\n`
      const place = part('site_id', site_id) + part('sector_id', sector_id)
      const form = `${place}${part('file', 'keyword\na')}--X--\r\n`
      const stalled = Array.from({ length: 12 }, (_, n) => {
        const headers = {
          authorization: `Bearer ${client.token}`,
          'content-type': 'multipart/form-data; boundary=X',
          'content-length': '9000',
          'idempotency-key': `stalled-${n}`,
        }
        return openRequest(
          target.url,
          'POST',
          '/api/v1/planner/keywords/import_csv/',
          headers,
          form,
        )
      })
      try {
        await new Promise((resolve) => setTimeout(resolve, 5000))
        const began = performance.now()
        const answered = await Promise.race([
          client.get('auth/sites/'),
          new Promise<undefined>((resolve) => setTimeout(resolve, 20_000, undefined)),
        ])
        const ms = Math.round(performance.now() - began)
        if (answered?.status !== 200)
          throw new HoleError(`a list was answered ${answered?.status} after ${ms} ms`)
        return `a list is answered in ${ms} ms meanwhile`
      } finally {
        for (const request of stalled) request.abandon()
      }
    },
  },
  {
    name: 'asks 5,000 times on one connection and reads nothing',
    async run(target) {
      const { hostname, port } = new URL(target.url)
      const ask = 'GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nhost: x\r\n\r\n'
      const socket = net.connect(Number(port), hostname).pause()
      socket.on('error', () => {})
      const closed = new Promise<boolean>((resolve) => {
        socket.once('close', () => resolve(true))
        setTimeout(resolve, LIMIT_MS, false)
      })
      socket.write(ask.repeat(5000))
      const ms = await assertAlive(target)
      // It is seen as closed once the answers that have arrived are read.
      socket.resume()
      const isCut = await closed
      const said = `${socket.bytesRead} bytes were answered`
      const limit = 20 * 1024 * 1024
      socket.destroy()
      if (!isCut || socket.bytesRead > limit) throw new HoleError(said)
      return `the connection is cut after ${said}; /healthz is answered in ${ms} ms meanwhile`
    },
  },
]
