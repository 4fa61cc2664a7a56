import type http from 'node:http'
import zlib from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { createEgress } from '../../server/egress/egress.ts'
import { cleanUp, egressWith, failureOf, serve } from './calls.ts'
import { closedPort, listenHttps, listenTcp } from './servers.ts'

describe('a body', () => {
  test('stops at the limit in decoded bytes, long before a compressed bomb is unpacked', async () => {
    const bomb = zlib.gzipSync(Buffer.alloc(200 * 1024 * 1024))
    const server = await serve((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb)
    })
    const egress = egressWith([server.hostPort])
    const response = await egress.fetch(`http://${server.hostPort}/`)
    let received = 0
    const error = await failureOf(
      (async () => {
        for await (const chunk of response.body!) received += chunk.byteLength
      })(),
    )
    expect(error).toMatchObject({ code: 'egress_too_large', sent: true })
    expect(received).toBeLessThanOrEqual(10 * 1024 * 1024)
  })

  test('may have as many bytes as the limit and not one more', async () => {
    const server = await serve((_, response) => response.end('x'.repeat(1000)))
    const egress = egressWith([server.hostPort])
    const url = `http://${server.hostPort}/`
    expect(await (await egress.fetch(url, { maxBytes: 1000 })).text()).toHaveLength(1000)
    const error = await failureOf((await egress.fetch(url, { maxBytes: 999 })).text())
    expect(error.code).toBe('egress_too_large')
  })

  test('fails at the time limit of the whole call when it arrives too slowly', async () => {
    const server = await serve((_, response) => {
      response.writeHead(200)
      const drip = setInterval(() => response.write('.'), 20)
      response.on('close', () => clearInterval(drip))
    })
    const egress = egressWith([server.hostPort])
    const response = await egress.fetch(`http://${server.hostPort}/`, { timeoutMs: 300 })
    expect(await failureOf(response.text())).toMatchObject({ code: 'egress_timeout', sent: true })
  })

  test('fails when the connection breaks, instead of being short', async () => {
    const server = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('half', () => response.destroy())
    })
    const egress = egressWith([server.hostPort])
    const response = await egress.fetch(`http://${server.hostPort}/`)
    expect(await failureOf(response.text())).toMatchObject({ code: 'egress_failed', sent: true })
  })

  test('of a form arrives complete, with its boundary', async () => {
    const server = await serve(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk)
      const sent = new Response(Buffer.concat(chunks), {
        headers: { 'content-type': request.headers['content-type']! },
      })
      const file = (await sent.formData()).get('file') as File
      response.end(`${file.name} ${await file.text()} ${request.headers['content-length']}`)
    })
    const egress = egressWith([server.hostPort])
    const body = new FormData()
    body.append('file', new Blob(['picture'], { type: 'image/webp' }), 'a.webp')
    const response = await egress.fetch(`http://${server.hostPort}/`, { method: 'POST', body })
    expect(await response.text()).toMatch(/^a\.webp picture \d+$/)
  })

  test('is sent with the user agent igny8', async () => {
    const server = await serve((request, response) => response.end(request.headers['user-agent']))
    const egress = egressWith([server.hostPort])
    const url = `http://${server.hostPort}/`
    expect(await (await egress.fetch(url)).text()).toBe('igny8')
    const named = { headers: { 'user-agent': 'igny8-doctor' } }
    expect(await (await egress.fetch(url, named)).text()).toBe('igny8-doctor')
  })

  test('is absent where the status allows none, and headers are passed on', async () => {
    const server = await serve((_, response) => {
      response.writeHead(204, { 'set-cookie': ['a=1', 'b=2'] }).end()
    })
    const egress = egressWith([server.hostPort])
    const response = await egress.fetch(`http://${server.hostPort}/`, { method: 'DELETE' })
    expect([response.status, response.body]).toEqual([204, null])
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
  })
})

describe('whether a write can have reached the server', () => {
  const write = { method: 'POST', body: '{"title":"once"}' }

  test('is "no" when the name does not resolve', async () => {
    const egress = egressWith([])
    const error = await failureOf(egress.fetch('https://gone.test/', write))
    expect(error).toMatchObject({ code: 'egress_dns_failed', sent: false })
  })

  test('is "no" when nothing listens there', async () => {
    const hostPort = `127.0.0.1:${await closedPort()}`
    const error = await failureOf(egressWith([hostPort]).fetch(`http://${hostPort}/`, write))
    expect(error).toMatchObject({ code: 'egress_connect_failed', sent: false })
  })

  test('is "no" when the certificate is not trusted', async () => {
    let requests = 0
    const server = await listenHttps(() => requests++)
    cleanUp.push(server.stop)
    const egress = egressWith([`site.test:${server.port}`], { 'site.test': [['127.0.0.1']] })
    const error = await failureOf(egress.fetch(`https://site.test:${server.port}/`, write))
    expect(error).toMatchObject({ code: 'egress_tls_failed', sent: false })
    expect(requests).toBe(0)
  })

  test('is "no" when the server speaks no TLS', async () => {
    const server = await serve((_, response) => response.end())
    const egress = egressWith([server.hostPort])
    const error = await failureOf(egress.fetch(`https://${server.hostPort}/`, write))
    expect(error).toMatchObject({ code: 'egress_tls_failed', sent: false })
  })

  test('is "no" when the time was over while the connection was made', async () => {
    const server = await listenTcp(() => undefined)
    cleanUp.push(server.stop)
    const egress = egressWith([server.hostPort])
    const error = await failureOf(
      egress.fetch(`https://${server.hostPort}/`, { ...write, timeoutMs: 200 }),
    )
    expect(error).toMatchObject({ code: 'egress_timeout', sent: false })
    await server.stop()
  })

  test('is "no" when the resolver does not answer in time', async () => {
    const egress = createEgress({ allowPrivate: [], resolve: () => new Promise(() => undefined) })
    const error = await failureOf(egress.fetch('https://slow.test/', { ...write, timeoutMs: 100 }))
    expect(error).toMatchObject({ code: 'egress_timeout', sent: false })
  })

  test('is not known when the server took the request and closed', async () => {
    const server = await listenTcp((socket) => socket.once('data', () => socket.destroy()))
    cleanUp.push(server.stop)
    const egress = egressWith([server.hostPort])
    const error = await failureOf(egress.fetch(`http://${server.hostPort}/`, write))
    expect(error).toMatchObject({ code: 'egress_failed', sent: 'unknown' })
  })

  test('is not known when the server took the request and did not answer in time', async () => {
    const server = await serve(() => undefined)
    const egress = egressWith([server.hostPort])
    const error = await failureOf(
      egress.fetch(`http://${server.hostPort}/`, { ...write, timeoutMs: 300 }),
    )
    expect(error).toMatchObject({ code: 'egress_timeout', sent: 'unknown' })
  })

  test('is not known when the response is not HTTP', async () => {
    const server = await listenTcp((socket) => socket.once('data', () => socket.end('SSH-2.0\r\n')))
    cleanUp.push(server.stop)
    const egress = egressWith([server.hostPort])
    const error = await failureOf(egress.fetch(`http://${server.hostPort}/`, write))
    expect(error).toMatchObject({ code: 'egress_failed', sent: 'unknown' })
  })

  test('is never in doubt because of a connection kept from an earlier call', async () => {
    const connections = new Set<number | undefined>()
    const server = await serve((request, response) => {
      connections.add(request.socket.remotePort)
      response.end('ok')
    })
    const egress = egressWith([server.hostPort])
    for (let n = 0; n < 3; n++) {
      await (await egress.fetch(`http://${server.hostPort}/`, write)).text()
    }
    expect(connections.size).toBe(3)
  })
})

describe('a caller', () => {
  test('that aborts gets its own reason, before and during the call', async () => {
    const arrived: { resolve?: () => void } = {}
    const server = await serve(() => arrived.resolve?.())
    const egress = egressWith([server.hostPort])
    const reason = new Error('drained')
    const before = egress.fetch(`http://${server.hostPort}/`, { signal: AbortSignal.abort(reason) })
    await expect(before).rejects.toBe(reason)
    const controller = new AbortController()
    arrived.resolve = () => controller.abort(reason)
    const during = egress.fetch(`http://${server.hostPort}/`, { signal: controller.signal })
    await expect(during).rejects.toBe(reason)
  })

  test('that leaves a body unread does not hold the connection forever', async () => {
    const closed = Promise.withResolvers<void>()
    const server = await serve((_, response) => {
      response.on('close', closed.resolve)
      response.writeHead(200).write('x')
    })
    const egress = egressWith([server.hostPort])
    await egress.fetch(`http://${server.hostPort}/`, { timeoutMs: 200 })
    await closed.promise
  })

  test('finds no path, query, header or credential in an error', async () => {
    const server = await listenTcp((socket) => socket.once('data', () => socket.destroy()))
    cleanUp.push(server.stop)
    const egress = egressWith([server.hostPort])
    const secret = 'c2VjcmV0OnRva2Vu'
    const url = `http://${server.hostPort}/hook-${secret}?key=${secret}`
    const bad = { authorization: `Basic ${secret}\nx` }
    for (const headers of [{ authorization: `Basic ${secret}` }, bad]) {
      const error = await failureOf(egress.fetch(url, { headers }))
      const shown = JSON.stringify([error.message, error.stack, error.cause, { ...error }])
      expect(shown).toContain(server.hostPort)
      expect(shown).not.toContain(secret)
    }
    const error = await failureOf(egress.fetch(url, { headers: bad }))
    expect(error).toMatchObject({ code: 'egress_bad_request', sent: false })
  })

  test('that closes waits for the call that runs', async () => {
    const arrived = Promise.withResolvers<http.ServerResponse>()
    const server = await serve((_, response) => arrived.resolve(response))
    const egress = createEgress({ allowPrivate: [server.hostPort] })
    const answer = egress.fetch(`http://${server.hostPort}/`, { method: 'POST', body: 'x' })
    const held = await arrived.promise
    const closed = egress.close()
    held.end('done')
    const response = await (await answer).text()
    await closed
    expect(response).toBe('done')
  })
})
