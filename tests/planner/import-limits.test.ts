import { request as httpRequest } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { purgeTables } from '../../jobs/scheduled/purge-expired.ts'
import type { Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { importCsv, newSector, type Problem, type Sector, stored } from './sector.ts'

let service: TestService
let owner: Client
let stranger: Client
let sector: Sector
let theirs: Sector

beforeAll(async () => {
  service = await startTestService({ role: 'api', api: 'node', planLimits: true })
  await service.sql`update plans set max_sites = 100, max_keywords = 30000`
  owner = await service.owner()
  stranger = await service.owner('Stranger')
  sector = await newSector(owner)
  theirs = await newSector(stranger)
})
afterAll(() => service.stop())

const TIMEOUT_MS = 120_000
const rows = (count: number, name: string) =>
  Array.from({ length: count }, (_, n) => `${name} ${n}\n`).join('')
const left = async () => (await service.sql`select from staged_keywords`).count
const fields = ({ site_id, sector_id }: Sector) =>
  field('site_id', site_id) + field('sector_id', sector_id)
const field = (name: string, value: number | string) =>
  `--XX\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
const file = (text: string) =>
  `--XX\r\ncontent-disposition: form-data; name="file"; filename="k.csv"\r\n\r\n${text}`

/** An upload that is sent piece by piece. */
function openUpload(client: Client, headers: Record<string, string> = {}) {
  const request = httpRequest(`${service.url}/api/v1/planner/keywords/import_csv/`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${client.token}`,
      'content-type': 'multipart/form-data; boundary=XX',
      ...headers,
    },
  })
  const answer = new Promise<{
    status: number | undefined
    body: Problem & Record<string, unknown>
  }>((resolve, reject) => {
    request.on('response', async (response) => {
      const text = Buffer.concat(await response.toArray()).toString()
      resolve({ status: response.statusCode, body: JSON.parse(text) })
    })
    request.on('error', reject)
  })
  answer.catch(() => {})
  return {
    answer,
    send: (text: string) => request.write(text),
    end: () => request.end('\r\n--XX--\r\n'),
    abandon: () => request.destroy(),
  }
}

test("refuses a sector that is not the caller's before any row is sent", async () => {
  const upload = openUpload(owner)
  upload.send(fields(theirs) + file('keyword\n'))
  expect((await upload.answer).status).toBe(404)
  upload.abandon()
  const wrong = openUpload(owner)
  wrong.send(field('site_id', 'x') + field('sector_id', '1') + file('keyword\n'))
  expect(await wrong.answer).toMatchObject({ status: 400, body: { code: 'validation_failed' } })
  wrong.abandon()
})

test.each(['before', 'after'])(
  "stops at the plan's limit while the file still arrives, with its sector %s the file",
  async (order) => {
    const upload = openUpload(owner)
    upload.send((order === 'before' ? fields(sector) : '') + file('keyword\n'))
    upload.send(rows(45_000, 'too many'))
    const { status, body } = await upload.answer
    expect([status, body.code, body.limit]).toEqual([429, 'plan_limit_reached', 'max_keywords'])
    upload.abandon()
    await expect.poll(left, { timeout: 10_000 }).toBe(0)
    expect(await stored(service, sector)).toEqual([])
  },
  TIMEOUT_MS,
)

test(
  'takes a large file whose sector follows it, and keeps nothing staged',
  async () => {
    const large = await newSector(owner, 'Large')
    const upload = openUpload(owner)
    upload.send(file(`keyword,volume\n${rows(12_000, 'large').replaceAll('\n', ',1\n')}`))
    upload.send(`LARGE 7,9\r\n${fields(large)}`.trimEnd())
    upload.end()
    const { status, body } = await upload.answer
    expect([status, body]).toMatchObject([200, { imported: 12_000, updated: 0, skipped: 1 }])
    expect(await stored(service, large)).toContainEqual(['LARGE 7', 9, 0, 'informational'])
    expect(await left()).toBe(0)
    await owner.call('DELETE', `auth/sites/${large.site_id}/`)
  },
  TIMEOUT_MS,
)

test('refuses more than 20 fields in addition to the file', async () => {
  const form = (count: number) =>
    Array.from({ length: count }, (_, n) => field(`more-${n}`, 'x')).join('') + fields(sector)
  const many = openUpload(owner)
  many.send(form(1000))
  expect(await many.answer).toMatchObject({
    status: 400,
    body: { code: 'csv_invalid', cause_code: 'bad_form' },
  })
  many.abandon()
  const some = openUpload(owner)
  some.send(form(18) + file('keyword\nof a full form'))
  some.end()
  expect(await some.answer).toMatchObject({ status: 200, body: { imported: 1 } })
})

test(
  'lets slow uploads of one account hold up no import of another, and few of its own',
  async () => {
    const slow = [1, 2, 3].map(() => {
      const upload = openUpload(owner)
      upload.send(fields(sector) + file(`keyword\n${rows(12_000, 'slow')}`))
      return upload
    })
    const uploads = async () =>
      (await service.sql`select distinct upload_id from staged_keywords`).count
    await expect.poll(uploads, { timeout: 60_000 }).toBe(3)
    expect(service.database.connectionsInUse()).toBe(0)
    expect(
      (await importCsv(stranger, theirs, `keyword\n${rows(12_000, 'fast')}`)).body,
    ).toMatchObject({ imported: 12_000 })
    const fourth = importCsv(owner, sector, 'keyword\nthe fourth\n')
    const write = { ...sector, keyword: 'while the fourth waits' }
    expect((await owner.post('planner/keywords/', write)).status).toBe(201)
    slow[0]!.abandon()
    expect(await fourth).toMatchObject({ status: 200, body: { imported: 1 } })
    for (const upload of slow) upload.abandon()
    await expect.poll(left, { timeout: 10_000 }).toBe(0)
  },
  TIMEOUT_MS,
)

test('refuses an import with rate_limited when too many of the account wait', async () => {
  const many = Array.from({ length: 24 }, () => {
    const upload = openUpload(owner)
    upload.send(fields(sector) + file('keyword\n'))
    return upload
  })
  const { status, body } = await Promise.race(many.map(({ answer }) => answer))
  for (const upload of many) upload.abandon()
  expect([status, body.code]).toEqual([429, 'rate_limited'])
})

test('sweeps the staged rows of a killed process, but not those of a running upload', async () => {
  for (const [age, keyword] of [
    ['3 hours', 'of a killed upload'],
    ['1 hour', 'of a long upload'],
  ]) {
    await service.sql`insert into staged_keywords
      (account_id, upload_id, folded, line, keyword, created_at)
      values (${owner.accountId}, gen_random_uuid(), ${keyword!}, 1, ${keyword!},
        now() - ${age!}::interval)`
  }
  await purgeTables({ database: service.database, logger: { info() {}, warn() {}, error() {} } })
  const kept = await service.sql`delete from staged_keywords returning keyword`
  expect(kept.map(({ keyword }) => keyword)).toEqual(['of a long upload'])
})
