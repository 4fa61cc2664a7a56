import dgram from 'node:dgram'
import { once } from 'node:events'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Resolve } from '../../server/egress/address.ts'
import { resolveByDns } from '../../server/egress/resolve.ts'

const TYPE = { A: 1, AAAA: 28 }
const NO_SUCH_NAME = 3

let server: dgram.Socket
let resolve: Resolve
beforeAll(async () => {
  server = dgram.createSocket('udp4')
  server.on('message', (query, { port }) => {
    const answer = answerTo(query)
    if (answer) server.send(answer, port)
  })
  server.bind(0, '127.0.0.1')
  await once(server, 'listening')
  resolve = resolveByDns([`127.0.0.1:${server.address().port}`])
})
afterAll(() => server.close())

/** Nothing for `silent.test`; RFC 1035, section 4.1. */
function answerTo(query: Buffer): Buffer | undefined {
  const end = query.indexOf(0, 12) + 5
  const question = query.subarray(12, end)
  const name = question.subarray(1, question[0]! + 1).toString()
  const type = question.readUInt16BE(question.length - 4)
  if (name === 'silent') return undefined
  const data =
    type === TYPE.A
      ? Buffer.from([192, 0, 32, 8])
      : Buffer.from('20010500008802000000000000000008', 'hex')
  const has = name === 'both' || (name === 'old' && type === TYPE.A)
  const header = Buffer.alloc(12)
  header.writeUInt16BE(query.readUInt16BE(0), 0)
  header.writeUInt16BE(0x8180 | (name === 'gone' ? NO_SUCH_NAME : 0), 2)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(has ? 1 : 0, 6)
  const record = Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, data.length, ...data])
  return Buffer.concat([header, question, ...(has ? [record] : [])])
}

it('answers the addresses of both kinds, or of the one that a name has', async () => {
  expect(await resolve('both.test')).toEqual(['192.0.32.8', '2001:500:88:200::8'])
  expect(await resolve('old.test')).toEqual(['192.0.32.8'])
})

it('says that there is no such name', async () => {
  await expect(resolve('gone.test')).rejects.toMatchObject({ code: 'ENOTFOUND' })
})

it('knows localhost without asking', async () => {
  expect(await resolve('localhost')).toEqual(['127.0.0.1', '::1'])
})

it('finds a name while forty others wait for servers that never answer, and gives those up', async () => {
  const ended: string[] = []
  const silent = Array.from({ length: 40 }, () =>
    resolve('silent.test').catch(({ code }) => ended.push(code)),
  )
  await resolve('both.test')
  expect(ended).toEqual([])
  await Promise.all(silent)
  expect(new Set(ended)).toEqual(new Set(['ETIMEOUT']))
})
