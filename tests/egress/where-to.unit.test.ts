import type http from 'node:http'
import tls from 'node:tls'
import { describe, expect, test } from 'vitest'
import { createEgress } from '../../server/egress/egress.ts'
import { cleanUp, egressWith, failureOf, serve } from './calls.ts'
import { listenHttps } from './servers.ts'
import { SITE_TEST } from './tls-fixture.ts'

describe('a name', () => {
  test('is refused when one of its addresses is private, whatever the others are', async () => {
    const egress = egressWith([], { 'mixed.test': [['93.184.216.34', '10.0.0.7']] })
    await expect(egress.fetch('https://mixed.test/')).rejects.toMatchObject({
      code: 'egress_address_not_allowed',
      sent: false,
    })
  })

  test('is refused when it resolves to this machine', async () => {
    let requests = 0
    const server = await serve((_, response) => {
      requests++
      response.end()
    })
    const egress = createEgress({ allowPrivate: [] })
    const error = await failureOf(egress.fetch(`http://localhost:${server.port}/`))
    expect(error).toMatchObject({ code: 'egress_address_not_allowed', sent: false })
    expect(requests).toBe(0)
  })

  test('is connected to at the address that was checked, not at what it resolves to next', async () => {
    const checked = await serve((request, response) => response.end(request.headers.host))
    const rebound = await serve((_, response) => response.end('rebound'), {
      host: '127.0.0.2',
      port: checked.port,
    })
    expect(rebound.port).toBe(checked.port)
    const egress = egressWith([`site.test:${checked.port}`], {
      'site.test': [['127.0.0.1'], ['127.0.0.2']],
    })
    const response = await egress.fetch(`http://site.test:${checked.port}/`)
    expect(await response.text()).toBe(`site.test:${checked.port}`)
    expect(egress.asked).toEqual(['site.test'])
  })

  test('is checked again for each connection, so that rebinding to a private address is refused', async () => {
    const server = await serve((_, response) => response.end('private'))
    const egress = egressWith([], { 'site.test': [['127.0.0.1']] })
    for (const method of ['GET', 'POST', 'HEAD']) {
      const error = await failureOf(egress.fetch(`http://site.test:${server.port}/`, { method }))
      expect(error.code).toBe('egress_address_not_allowed')
    }
    expect(egress.asked).toHaveLength(3)
  })

  test('goes on to the next checked address when one does not answer', async () => {
    const server = await serve((_, response) => response.end('second'))
    const egress = egressWith([`site.test:${server.port}`], {
      'site.test': [['127.0.0.3', '127.0.0.1']],
    })
    const response = await egress.fetch(`http://site.test:${server.port}/`)
    expect(await response.text()).toBe('second')
  })

  test('cannot be replaced by a Host header', async () => {
    const server = await serve((request, response) => response.end(request.headers.host))
    const egress = egressWith([server.hostPort])
    const response = await egress.fetch(`http://${server.hostPort}/`, {
      headers: { host: 'elsewhere.test' },
    })
    expect(await response.text()).toBe(server.hostPort)
  })

  test('is what the certificate is checked against and what SNI names', async () => {
    const server = await listenHttps((_, response) => response.end('secure'))
    cleanUp.push(server.stop)
    const before = tls.getCACertificates('default')
    tls.setDefaultCACertificates([...before, SITE_TEST.cert])
    cleanUp.push(() => tls.setDefaultCACertificates(before))
    const egress = egressWith([`site.test:${server.port}`, `other.test:${server.port}`], {
      'site.test': [['127.0.0.1']],
      'other.test': [['127.0.0.1']],
    })
    const response = await egress.fetch(`https://site.test:${server.port}/`)
    expect(await response.text()).toBe('secure')
    expect(server.serverNames).toEqual(['site.test'])
    const error = await failureOf(egress.fetch(`https://other.test:${server.port}/`))
    expect(error).toMatchObject({ code: 'egress_tls_failed', sent: false })
  })
})

describe('the allow-list', () => {
  test('holds for the exact host and port alone', async () => {
    const server = await serve((_, response) => response.end('ok'))
    const other = await serve((_, response) => response.end('other'))
    const egress = egressWith([server.hostPort], { localhost: [['127.0.0.1']] })
    expect((await egress.fetch(`http://${server.hostPort}/`)).status).toBe(200)
    for (const host of [
      other.hostPort,
      `localhost:${server.port}`,
      `127.0.0.2:${server.port}`,
      `[::ffff:127.0.0.1]:${server.port}`,
    ]) {
      const error = await failureOf(egress.fetch(`http://${host}/`))
      expect(error, host).toMatchObject({ code: 'egress_address_not_allowed', sent: false })
    }
  })

  test('takes names in any case, IPv6 in brackets and the default ports', async () => {
    const egress = egressWith(['[::1]:80', 'Internal.test:443'], {
      'internal.test': [['127.0.0.1']],
    })
    for (const url of ['http://[::1]/', 'https://internal.test/']) {
      const error = await failureOf(egress.fetch(url, { timeoutMs: 5000 }))
      expect(error.code, url).not.toBe('egress_address_not_allowed')
    }
  })
})

describe('a redirect', () => {
  test('is answered as it is when nothing else was asked for', async () => {
    const server = await serve((_, response) => {
      response.writeHead(302, { location: 'http://10.0.0.1/' }).end()
    })
    const egress = egressWith([server.hostPort])
    const response = await egress.fetch(`http://${server.hostPort}/`)
    expect(response.status).toBe(302)
    expect(response.headers.get('location')).toBe('http://10.0.0.1/')
  })

  test.each([
    ['http://169.254.169.254/', 'egress_address_not_allowed'],
    ['http://metadata.test/', 'egress_address_not_allowed'],
    ['file:///etc/passwd', 'egress_bad_url'],
    ['http://user:pw@example.com/', 'egress_bad_url'],
    ['http://[bad', 'egress_bad_url'],
  ])('is held to the same rules when it is followed: %s', async (location, code) => {
    const server = await serve((_, response) => response.writeHead(301, { location }).end())
    const egress = egressWith([server.hostPort], { 'metadata.test': [['169.254.169.254']] })
    const call = egress.fetch(`http://${server.hostPort}/`, { followRedirects: 3 })
    await expect(call).rejects.toMatchObject({ code, sent: true })
  })

  test('keeps credentials on the same origin and drops them on another', async () => {
    const seen: unknown[][] = []
    const note = (request: http.IncomingMessage) =>
      seen.push([request.headers.authorization, request.headers.cookie, request.headers['x-kept']])
    const target = await serve((request, response) => {
      note(request)
      response.end('there')
    })
    const server = await serve((request, response) => {
      note(request)
      const location = request.url === '/' ? '/next' : `http://${target.hostPort}/end`
      response.writeHead(307, { location }).end()
    })
    const egress = egressWith([server.hostPort, target.hostPort])
    const response = await egress.fetch(`http://${server.hostPort}/`, {
      followRedirects: 2,
      headers: { authorization: 'Basic c2VjcmV0', cookie: 'a=b', 'x-kept': 'yes' },
    })
    expect(response.url).toBe(`http://${target.hostPort}/end`)
    expect(seen).toEqual([
      ['Basic c2VjcmV0', 'a=b', 'yes'],
      ['Basic c2VjcmV0', 'a=b', 'yes'],
      [undefined, undefined, 'yes'],
    ])
  })

  test('of a write is never followed', async () => {
    let requests = 0
    const server = await serve((_, response) => {
      requests++
      response.writeHead(307, { location: '/again' }).end()
    })
    const egress = egressWith([server.hostPort])
    const init = { method: 'POST', body: 'x', followRedirects: 5 }
    expect((await egress.fetch(`http://${server.hostPort}/`, init)).status).toBe(307)
    expect(requests).toBe(1)
  })

  test('that never ends stops at the number asked for', async () => {
    let requests = 0
    const server = await serve((_, response) => {
      requests++
      response.writeHead(302, { location: '/' }).end()
    })
    const egress = egressWith([server.hostPort])
    const error = await failureOf(
      egress.fetch(`http://${server.hostPort}/`, { followRedirects: 3 }),
    )
    expect(error.code).toBe('egress_redirected')
    expect(requests).toBe(4)
  })
})
