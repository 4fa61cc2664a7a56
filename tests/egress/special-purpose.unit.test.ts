import ipaddr from 'ipaddr.js'
import { describe, expect, it } from 'vitest'
import { isPublicAddress } from '../../server/egress/address.ts'
import { createEgress } from '../../server/egress/egress.ts'

/**
 * IANA's IPv4 and IPv6 Special-Purpose Address Registries (of 2025-10-09), all entries, and what they
 * leave to other registries: multicast, site-local.
 * https://www.iana.org/assignments/iana-ipv4-special-registry
 * https://www.iana.org/assignments/iana-ipv6-special-registry
 */
const REGISTRY: Record<string, string> = {
  '0.0.0.0/8': 'This network',
  '0.0.0.0/32': 'This host on this network',
  '10.0.0.0/8': 'Private-Use',
  '100.64.0.0/10': 'Shared Address Space',
  '127.0.0.0/8': 'Loopback',
  '169.254.0.0/16': 'Link Local',
  '172.16.0.0/12': 'Private-Use',
  '192.0.0.0/24': 'IETF Protocol Assignments',
  '192.0.0.0/29': 'IPv4 Service Continuity Prefix',
  '192.0.0.8/32': 'IPv4 dummy address',
  '192.0.0.9/32': 'Port Control Protocol Anycast',
  '192.0.0.10/32': 'Traversal Using Relays around NAT Anycast',
  '192.0.0.170/32': 'NAT64/DNS64 Discovery',
  '192.0.0.171/32': 'NAT64/DNS64 Discovery',
  '192.0.2.0/24': 'Documentation (TEST-NET-1)',
  '192.31.196.0/24': 'AS112-v4',
  '192.52.193.0/24': 'AMT',
  '192.88.99.0/24': 'Deprecated (6to4 Relay Anycast)',
  '192.88.99.2/32': '6a44-relay anycast address',
  '192.168.0.0/16': 'Private-Use',
  '192.175.48.0/24': 'Direct Delegation AS112 Service',
  '198.18.0.0/15': 'Benchmarking',
  '198.51.100.0/24': 'Documentation (TEST-NET-2)',
  '203.0.113.0/24': 'Documentation (TEST-NET-3)',
  '240.0.0.0/4': 'Reserved',
  '255.255.255.255/32': 'Limited Broadcast',
  '224.0.0.0/4': 'Multicast',
  '::1/128': 'Loopback Address',
  '::/128': 'Unspecified Address',
  '::/96': 'IPv4-Compatible (deprecated)',
  '::ffff:0:0/96': 'IPv4-mapped Address',
  '::ffff:0:0:0/96': 'IPv4-translated',
  '64:ff9b::/96': 'IPv4-IPv6 Translation',
  '64:ff9b:1::/48': 'IPv4-IPv6 Translation',
  '100::/64': 'Discard-Only Address Block',
  '100:0:0:1::/64': 'Dummy IPv6 Prefix',
  '2001::/23': 'IETF Protocol Assignments',
  '2001::/32': 'TEREDO',
  '2001:1::1/128': 'Port Control Protocol Anycast',
  '2001:1::2/128': 'Traversal Using Relays around NAT Anycast',
  '2001:1::3/128': 'DNS-SD Service Registration Protocol Anycast',
  '2001:2::/48': 'Benchmarking',
  '2001:3::/32': 'AMT',
  '2001:4:112::/48': 'AS112-v6',
  '2001:10::/28': 'Deprecated (ORCHID)',
  '2001:20::/28': 'ORCHIDv2',
  '2001:30::/28': 'Drone Remote ID Protocol Entity Tags',
  '2001:db8::/32': 'Documentation',
  '2002::/16': '6to4',
  '2620:4f:8000::/48': 'Direct Delegation AS112 Service',
  '3fff::/20': 'Documentation',
  '5f00::/16': 'Segment Routing (SRv6) SIDs',
  'fc00::/7': 'Unique-Local',
  'fe80::/10': 'Link-Local Unicast',
  'fec0::/10': 'Site-Local Unicast (deprecated)',
  'ff00::/8': 'Multicast',
}

/** Where clouds serve their machines, credentials among it. */
const CLOUDS: Record<string, string> = {
  '169.254.169.254': 'AWS, Azure, Google, DigitalOcean',
  '169.254.170.2': 'AWS container credentials',
  '168.63.129.16': 'Azure WireServer',
  '::ffff:168.63.129.16': 'Azure WireServer, mapped',
  '64:ff9b::a83f:8110': 'Azure WireServer, translated',
  '2002:a83f:8110::1': 'Azure WireServer, 6to4',
  '100.100.100.200': 'Alibaba Cloud',
  '192.0.0.192': 'Oracle Cloud',
  'fd00:ec2::254': 'AWS over IPv6',
  'fd20:ce::254': 'Google over IPv6',
  'fe80::a9fe:a9fe': 'OpenStack over IPv6',
}

describe('the special-purpose address registries', () => {
  it.each(Object.entries(REGISTRY))('refuses %s: %s', (block) => {
    for (const address of samplesOf(block))
      expect([address, isPublicAddress(address)]).toEqual([address, false])
  })

  it('leaves what is beside them public', () => {
    const beside = ['9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.255.255.255']
    const more = ['128.0.0.0', '172.15.255.255', '172.32.0.0', '191.255.255.255', '192.0.1.0']
    const last = ['198.17.255.255', '198.20.0.0', '223.255.255.255', '168.63.129.15']
    const v6 = ['2001:200::1', '2003::1', '2600::1', '2a00:1450::1', '3ffe:ffff::1', '2001:db9::1']
    const all = [...beside, ...more, ...last, ...v6]
    expect(all.filter((address) => !isPublicAddress(address))).toEqual([])
  })
})

describe('the metadata address of', () => {
  it.each(Object.entries(CLOUDS))('%s is refused (%s), by name as well', async (address) => {
    const egress = createEgress({ allowPrivate: [], resolve: async () => [address] })
    const refused = { code: 'egress_address_not_allowed', sent: false }
    await expect(egress.fetch('http://metadata.example/')).rejects.toMatchObject(refused)
    const literal = address.includes(':') ? `[${address}]` : address
    await expect(egress.fetch(`http://${literal}/`)).rejects.toMatchObject(refused)
  })
})

/** The first address of a block, its last, and one between. */
function samplesOf(block: string): string[] {
  const [network, bits] = ipaddr.parseCIDR(block)
  const first = network.toByteArray()
  const ends = (fill: (index: number) => number) =>
    ipaddr
      .fromByteArray(
        first.map((byte, index) => {
          const free = Math.min(8, Math.max(0, (index + 1) * 8 - bits))
          const mask = (1 << free) - 1
          return (byte & ~mask) | (fill(index) & mask)
        }),
      )
      .toString()
  return [ends(() => 0), ends(() => 0xff), ends((index) => (index * 37 + 91) & 0xff)]
}
