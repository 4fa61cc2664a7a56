import { describe, expect, test } from 'vitest'
import { isPublicAddress } from '../../server/egress/address.ts'
import { createEgress } from '../../server/egress/egress.ts'

const REFUSED = [
  // Every notation of 127.0.0.1 that URLs know: decimal, octal, hex, short, mixed.
  'http://127.0.0.1/',
  'http://2130706433/',
  'http://017700000001/',
  'http://0177.0.0.1/',
  'http://0x7f000001/',
  'http://0x7f.1/',
  'http://127.1/',
  'http://127.0.1/',
  'http://%31%32%37.0.0.1/',
  'http://127。0。0。1/',
  'http://①②⑦.0.0.1/',
  'http://127.0.0.1./',
  'http://0.0.0.0/',
  'http://0/',
  'http://10.1.2.3/',
  'http://172.16.0.1/',
  'http://192.168.1.1/',
  'http://169.254.169.254/latest/meta-data/',
  'http://100.64.0.1/',
  'http://224.0.0.1/',
  'http://255.255.255.255/',
  'http://240.0.0.1/',
  'http://192.0.0.192/',
  'http://198.18.0.1/',
  'http://[::1]/',
  'http://[::]/',
  'http://[fe80::1]/',
  'http://[fec0::1]/',
  'http://[fc00::1]/',
  'http://[fd12:3456::1]/',
  'http://[ff02::1]/',
  'http://[::ffff:127.0.0.1]/',
  'http://[::ffff:8.8.8.8]/',
  'http://[::127.0.0.1]/',
  'http://[64:ff9b::7f00:1]/',
  'http://[64:ff9b:1::1]/',
  'http://[2002:7f00:1::]/',
  'http://[2001:0:1::1]/',
  'http://[2001:db8::1]/',
  'http://[100::1]/',
]

const NOT_URLS = [
  'example.com',
  '',
  'ftp://example.com/',
  'file:///etc/passwd',
  'javascript:alert(1)',
  'http://',
  'http://user@example.com/',
  'http://user:secret@example.com/',
  'http://[fe80::1%25eth0]/',
  'http://1.2.3.4.5/',
  'http://256.1.1.1/',
]

function egressThatMustNotResolve() {
  return createEgress({
    allowPrivate: [],
    resolve: (hostname) => Promise.reject(new Error(`resolved ${hostname}`)),
  })
}

describe('an address given as a literal', () => {
  test.each(REFUSED)('is refused when it is not public: %s', async (url) => {
    const egress = egressThatMustNotResolve()
    await expect(egress.fetch(url)).rejects.toMatchObject({
      code: 'egress_address_not_allowed',
      sent: false,
    })
  })

  test.each(NOT_URLS)('is refused when it is not an http address: %s', async (url) => {
    const error = await egressThatMustNotResolve()
      .fetch(url)
      .catch((thrown) => thrown)
    expect(error).toMatchObject({ code: 'egress_bad_url', sent: false })
    expect(error.message).not.toContain('secret')
  })

  test.each(['8.8.8.8', '93.184.216.34', '2606:4700::1111', '172.32.0.1', '100.128.0.1'])(
    'is public: %s',
    (address) => expect(isPublicAddress(address)).toBe(true),
  )

  test.each(['fe80::1%eth0', 'not an address', '', '0177.0.0.1'])(
    'is not public when a resolver gives: %s',
    (address) => expect(isPublicAddress(address)).toBe(false),
  )
})

test('refuses to start with an entry of the allow-list that is not host:port', () => {
  expect(() => createEgress({ allowPrivate: ['::::'] })).toThrow(TypeError)
})
