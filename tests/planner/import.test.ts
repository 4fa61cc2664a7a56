import { request as httpRequest } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addUser, type Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { csvForm, importCsv, newSector, type Problem, type Sector, stored } from './sector.ts'

let service: TestService
let owner: Client

beforeAll(async () => {
  service = await startTestService()
  owner = await service.owner()
})
afterAll(() => service.stop())

describe('import', () => {
  test('reads the columns in any order and case, and ignores others', async () => {
    const sector = await newSector(owner)
    const csv =
      '\uFEFFIntent, VOLUME ,Trend,Keyword,Difficulty\r\n' +
      'Commercial,"1,200",up,best moka pot,35\r\n' +
      ',12,,"moka pot, stovetop",\r\n'
    const { status, body } = await importCsv(owner, sector, csv)
    expect(status).toBe(200)
    expect(body).toEqual({ imported: 2, updated: 0, skipped: 0, errors: [], errors_truncated: 0 })
    expect(await stored(service, sector)).toEqual([
      ['best moka pot', 1200, 35, 'commercial'],
      ['moka pot, stovetop', 12, 0, 'informational'],
    ])
  })

  test('updates only the given values of existing keywords, ignoring case', async () => {
    const sector = await newSector(owner)
    await importCsv(
      owner,
      sector,
      'keyword,volume,difficulty,intent\nChai Latte,10,20,commercial\n',
    )
    const { body } = await importCsv(
      owner,
      sector,
      'keyword,volume\nchai latte,99\noat milk,5\nCHAI LATTE,\n',
    )
    expect(body).toMatchObject({ imported: 1, updated: 1, skipped: 1 })
    expect(await stored(service, sector)).toEqual([
      ['Chai Latte', 10, 20, 'commercial'],
      ['oat milk', 5, 0, 'informational'],
    ])
  })

  test('uses the last of several rows with the same keyword', async () => {
    const sector = await newSector(owner)
    const { body } = await importCsv(
      owner,
      sector,
      'keyword,volume\nÉclair,1\n éCLAIR ,2\néclair,3\n',
    )
    expect(body).toMatchObject({ imported: 1, updated: 0, skipped: 2, errors: [] })
    expect(await stored(service, sector)).toEqual([['éclair', 3, 0, 'informational']])
  })

  test('skips bad rows and names their lines, and imports the good ones', async () => {
    const sector = await newSector(owner)
    const csv = [
      'keyword,volume,difficulty,intent',
      'good one,1,1,informational',
      ',5,5,informational',
      '"two\nlines",1,1,commercial',
      'bad volume,many,1,commercial',
      'bad volume,-3,1,commercial',
      'bad volume,3000000000,1,commercial',
      'bad difficulty,1,101,commercial',
      'bad intent,1,1,curious',
      `${'x'.repeat(301)},1,1,commercial`,
      'bare comma,1,200,20,commercial',
      ',,,',
      '',
      'good two',
    ].join('\n')
    const { body } = await importCsv(owner, sector, csv)
    expect(body).toMatchObject({ imported: 3, updated: 0, skipped: 8, errors_truncated: 0 })
    expect(body.errors.map(({ line }) => line)).toEqual([3, 6, 7, 8, 9, 10, 11, 12])
    expect(body.errors.map(({ message }) => message).join('\n')).toMatchInlineSnapshot(`
      "has no keyword
      volume must be a whole number from 0 to 2147483647, not "many"
      volume must be a whole number from 0 to 2147483647, not "-3"
      volume must be a whole number from 0 to 2147483647, not "3000000000"
      difficulty must be a whole number from 0 to 100, not "101"
      intent must be one of informational, navigational, commercial, transactional, not "curious"
      keyword must have at most 300 characters
      has 5 values for 4 columns; quote a value that holds a comma"
    `)
    expect((await stored(service, sector)).map(([keyword]) => keyword).sort()).toEqual([
      'good one',
      'good two',
      'two lines',
    ])
  })

  test('names the first hundred bad rows and counts the others', async () => {
    const sector = await newSector(owner)
    const csv = `keyword,volume\n${'x,bad\n'.repeat(130)}fine,1\n`
    const { body } = await importCsv(owner, sector, csv)
    expect(body).toMatchObject({ imported: 1, skipped: 130, errors_truncated: 30 })
    expect(body.errors).toHaveLength(100)
  })

  test('restores formulas that an export escaped', async () => {
    const sector = await newSector(owner)
    await importCsv(
      owner,
      sector,
      "keyword\n'=1+1\n'@home coffee\n'tis the season\n\"'-18 degrees\"\n",
    )
    expect((await stored(service, sector)).map(([keyword]) => keyword).sort()).toEqual([
      "'tis the season",
      '-18 degrees',
      '=1+1',
      '@home coffee',
    ])
  })

  const utf16 = new Uint8Array([0xff, 0xfe, ...Buffer.from('keyword\ncafé\n', 'utf16le')])
  const latin1 = new Uint8Array(Buffer.from('keyword\nok\ncafé\n', 'latin1'))
  test.each([
    ['an empty file', '', 'wrong_header', 'empty'],
    ['a wrong header', 'name,volume\na,1\n', 'wrong_header', 'name, volume'],
    ['no header', 'moka pot,12\n', 'wrong_header', 'moka pot, 12'],
    ['semicolons', 'keyword;volume\na;1\n', 'wrong_header', 'Separate the columns with commas'],
    ['a column twice', 'keyword,volume,Volume\na,1,2\n', 'wrong_header', 'volume twice'],
    ['a NUL', 'keyword\nok\na\0b\n', 'nul', 'Line 3'],
    ['a quote that is not closed', 'keyword\nok\n"never closed\nx\n', 'bad_quoting', 'Line 3'],
    ['a quote inside a value', 'keyword\nok\n27" monitor\n', 'bad_quoting', 'Line 3'],
    ['UTF-16', utf16, 'not_utf8', 'UTF-8'],
    ['Latin-1', latin1, 'not_utf8', 'UTF-8'],
  ] as const)(
    'refuses %s with its own error and imports nothing',
    async (_, csv, cause_code, said) => {
      const sector = await newSector(owner)
      const { status, body } = await importCsv<Problem>(owner, sector, csv)
      expect({ status, code: body.code, cause_code: body.cause_code }).toEqual({
        status: 400,
        code: 'csv_invalid',
        cause_code,
      })
      expect(body.detail).toContain(said)
      expect(await stored(service, sector)).toEqual([])
    },
  )

  test('imports nothing of a large file with an invalid end', async () => {
    const sector = await newSector(owner)
    const rows = Array.from({ length: 12_000 }, (_, n) => `keyword ${n},1`).join('\n')
    const { status, body } = await importCsv<Problem>(
      owner,
      sector,
      `keyword,volume\n${rows}\n"open`,
    )
    expect({ status, detail: body.detail }).toMatchObject({
      status: 400,
      detail: expect.stringContaining('Line 12002'),
    })
    expect(await stored(service, sector)).toEqual([])
  })

  test.each([
    ['no form', 'not a form', 'bad_form'],
    ['no file', csvForm({ site_id: 1, sector_id: 1 }, ''), 'no_file'],
  ])('refuses a request with %s', async (_, body, cause_code) => {
    if (body instanceof FormData) body.delete('file')
    const answer = await owner.call<Problem>('POST', 'planner/keywords/import_csv/', body)
    expect(answer).toMatchObject({ status: 400, body: { code: 'csv_invalid', cause_code } })
  })

  test('accepts site_id and sector_id after the file, and refuses a form without them', async () => {
    const sector = await newSector(owner)
    const form = new FormData()
    form.set('file', new Blob(['keyword\nlate\n']), 'k.csv')
    const missing = await owner.call<Problem>('POST', 'planner/keywords/import_csv/', form)
    expect(missing).toMatchObject({ status: 400, body: { code: 'validation_failed' } })
    expect(missing.body.errors?.map(({ path }) => path)).toEqual(['site_id', 'sector_id'])
    form.set('site_id', String(sector.site_id))
    form.set('sector_id', String(sector.sector_id))
    const answer = await owner.call('POST', 'planner/keywords/import_csv/', form)
    expect(answer).toMatchObject({ status: 200, body: { imported: 1 } })
  })

  test("refuses a sector of another site, another account's site and one that was not granted", async () => {
    const sector = await newSector(owner)
    const other = await newSector(owner, 'Other')
    const mixed = { site_id: sector.site_id, sector_id: other.sector_id }
    expect(await importCsv<Problem>(owner, mixed, 'keyword\nx\n')).toMatchObject({
      status: 400,
      body: { errors: [{ path: 'sector_id' }] },
    })
    const stranger = await service.owner()
    expect((await importCsv(stranger, sector, 'keyword\nx\n')).status).toBe(404)
    const editor = await addUser(owner, 'editor', [sector.site_id])
    expect((await importCsv(editor, other, 'keyword\nx\n')).status).toBe(404)
    expect((await importCsv(editor, sector, 'keyword\nx\n')).body).toMatchObject({ imported: 1 })
    expect(await stored(service, other)).toEqual([])
  })

  test('creates each keyword once in concurrent imports', async () => {
    const sector = await newSector(owner)
    const rows = Array.from({ length: 3000 }, (_, n) => `same ${n},${n}`)
    const csv = (lines: string[]) => `keyword,volume\n${lines.join('\n')}\n`
    const [one, two] = await Promise.all([
      importCsv(owner, sector, csv(rows)),
      importCsv(owner, sector, csv(rows.toReversed())),
    ])
    expect([one.status, two.status]).toEqual([200, 200])
    expect(one.body.imported + two.body.imported).toBe(3000)
    expect(one.body.updated + two.body.updated).toBe(3000)
  })

  test('reports an invalid large file without reading it to the end', async () => {
    const sector = await newSector(owner)
    const upload = openUpload(sector)
    upload.send(`name,volume\n${'x,1\n'.repeat(100)}`)
    expect(await upload.status).toBe(400)
    upload.abandon()
  })
})

/** An upload whose file is sent piece by piece. */
function openUpload({ site_id, sector_id }: Sector) {
  const request = httpRequest(`${service.url}/api/v1/planner/keywords/import_csv/`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${owner.token}`,
      'content-type': 'multipart/form-data; boundary=XX',
    },
  })
  const status = new Promise<number | undefined>((resolve, reject) => {
    request.on('response', (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    request.on('error', reject)
  })
  const field = (name: string, value: number) =>
    `--XX\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
  request.write(field('site_id', site_id) + field('sector_id', sector_id))
  request.write('--XX\r\ncontent-disposition: form-data; name="file"; filename="k.csv"\r\n\r\n')
  return {
    status,
    send: (text: string) => request.write(text),
    abandon: () => request.destroy(),
  }
}
