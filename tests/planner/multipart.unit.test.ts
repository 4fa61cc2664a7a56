import { expect, test } from 'vitest'
import { MultipartError, partText, readParts } from '../../server/formats/multipart.ts'

const TYPE = 'multipart/form-data; boundary=XX'
const PATIENCE = { idleMs: 50, totalMs: 60_000 }

function streamOf(text: string, pieceLength: number, end = true): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text)
  let at = 0
  return new ReadableStream({
    pull(controller) {
      if (at < bytes.length) controller.enqueue(bytes.subarray(at, at + pieceLength))
      else if (end) controller.close()
      else return new Promise(() => {})
      at += pieceLength
    },
  })
}

async function readAll(text: string, pieceLength = 7, end = true): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for await (const part of readParts(streamOf(text, pieceLength, end), TYPE, PATIENCE)) {
    found[part.filename ? `${part.name}:${part.filename}` : part.name] = await partText(part, 1e6)
  }
  return found
}

const FORM = [
  'a preamble that is skipped',
  '--XX',
  'Content-Disposition: form-data; name="site_id"',
  '',
  '7',
  '--XX',
  'content-type: text/csv',
  'content-disposition: form-data; name="file"; filename="k.csv"',
  '',
  'keyword',
  '--X not the boundary',
  'é--XX',
  '--XX--',
  '',
].join('\r\n')

test('reads the same parts however the body is split into chunks', async () => {
  const expected = { site_id: '7', 'file:k.csv': 'keyword\r\n--X not the boundary\r\né--XX' }
  for (let length = 1; length < FORM.length; length += 5) {
    expect(await readAll(FORM, length)).toEqual(expected)
  }
})

test('reads a body that ends with its last boundary, as Workers send it', async () => {
  expect(await readAll(FORM.trimEnd())).toEqual(await readAll(FORM))
})

test('reads forms that the platform serialises', async () => {
  const form = new FormData()
  form.set('sector_id', '12')
  form.set('file', new Blob(['a\r\nb\r\n']), 'a.csv')
  const { body, headers } = new Response(form)
  const found: string[] = []
  for await (const part of readParts(body!, headers.get('content-type')!, PATIENCE)) {
    found.push(part.name, await partText(part, 100))
  }
  expect(found).toEqual(['sector_id', '12', 'file', 'a\r\nb\r\n'])
})

test('skips a part whose body is not read', async () => {
  const names: string[] = []
  for await (const part of readParts(streamOf(FORM, 9), TYPE, PATIENCE)) names.push(part.name)
  expect(names).toEqual(['site_id', 'file'])
})

test.each([
  ['a body cut off', FORM.slice(0, -8)],
  ['a body without its boundary', 'keyword\r\n'],
  ['a part without a name', '--XX\r\ncontent-disposition: form-data\r\n\r\nx\r\n--XX--\r\n'],
  ['a preamble without end', `${'x'.repeat(20_000)}\r\n${FORM}`],
  ['a header without end', `--XX\r\n${'a'.repeat(20_000)}`],
])('refuses %s', async (_, body) => {
  await expect(readAll(body)).rejects.toThrow(MultipartError)
})

test('refuses a sender that stops sending', async () => {
  const stalled = readAll(FORM.slice(0, -8), 7, false)
  await expect(stalled).rejects.toMatchObject({ code: 'request_timeout' })
})

test('refuses a sender that never ends', async () => {
  let sent = 0
  const endless = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      controller.enqueue(new TextEncoder().encode(sent++ === 0 ? FORM.slice(0, -8) : 'x'))
    },
  })
  const read = async () => {
    const parts = readParts(endless, TYPE, { idleMs: 10_000, totalMs: 200 })
    for await (const part of parts) for await (const _ of part.body);
  }
  await expect(read()).rejects.toMatchObject({ code: 'request_timeout' })
})

test('refuses a body that continues after its last boundary', async () => {
  await expect(readAll(`${FORM}${'x'.repeat(20_000)}`, 1000)).rejects.toThrow(MultipartError)
})

test('refuses another content type', async () => {
  const parts = readParts(streamOf(FORM, 9), 'application/json', PATIENCE)
  await expect(parts.next()).rejects.toThrow(MultipartError)
})
