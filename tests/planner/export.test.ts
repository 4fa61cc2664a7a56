import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { oneLine } from '../../server/tasks/list-text.ts'
import type { Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { addKeywords, importCsv, type List, newSector, stored } from './sector.ts'

let service: TestService
let owner: Client

beforeAll(async () => {
  service = await startTestService()
  owner = await service.owner()
})
afterAll(() => service.stop())

const exported = async (query: string, client = owner) =>
  (await client.get<string>(`planner/keywords/export_csv/?${query}`)).body

describe('export', () => {
  test('writes the filtered list as CSV that opens in a spreadsheet', async () => {
    const sector = await newSector(owner)
    const { body: cluster } = await owner.post('planner/clusters/', { ...sector, name: '+Pots' })
    await addKeywords(owner, sector, [
      { keyword: '=cmd|calc', volume: 5, cluster_id: cluster.id },
      { keyword: 'moka "pot", big', volume: 7, difficulty: 3, intent: 'commercial' },
      { keyword: 'left out', volume: 1 },
    ])
    const response = await fetch(
      `${service.url}/api/v1/planner/keywords/export_csv/?site_id=${sector.site_id}&volume_min=2`,
      { headers: { authorization: `Bearer ${owner.token}` } },
    )
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8')
    expect(response.headers.get('content-disposition')).toContain('filename="keywords.csv"')
    expect(Buffer.from(await response.arrayBuffer()).toString()).toBe(
      '\uFEFFkeyword,volume,difficulty,intent,status,cluster\r\n' +
        "'=cmd|calc,5,0,informational,pending,'+Pots\r\n" +
        '"moka ""pot"", big",7,3,commercial,pending,\r\n',
    )
  })

  test('round-trips keywords exactly through export and import', async () => {
    const unit = fc.oneof(
      fc.constantFrom('=', '+', '-', '@', "'", '"', ',', ';', '\\', '.', 'N', '\t', 'É', '＝'),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
    )
    const text = fc
      .string({ unit, minLength: 1, maxLength: 12 })
      .map((value) => oneLine(value.replaceAll('\0', '')).slice(0, 300))
      .filter((value) => value !== '' && value.isWellFormed())
    const row = fc.record({
      keyword: text,
      volume: fc.nat(2_147_483_647),
      difficulty: fc.nat(100),
      intent: fc.constantFrom('informational', 'navigational', 'commercial', 'transactional'),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 30 }), async (rows) => {
        const from = await newSector(owner)
        const values = rows.map((one) => ({ ...one, ...from, account_id: owner.accountId }))
        await service.sql`insert into keywords ${service.sql(values)} on conflict do nothing`
        const to = await newSector(owner)
        const csv = await exported(`site_id=${from.site_id}`)
        const { body } = await importCsv(owner, to, csv)
        const before = await stored(service, from)
        expect(body).toMatchObject({ imported: before.length, skipped: 0 })
        expect((await stored(service, to)).sort()).toEqual(before.sort())
      }),
      { numRuns: 25 },
    )
  })

  test('leaves out keywords that the caller cannot see, and refuses an unknown filter', async () => {
    const sector = await newSector(owner)
    await addKeywords(owner, sector, ['ours'])
    const stranger = await service.owner()
    const header = 'keyword,volume,difficulty,intent,status,cluster\r\n'
    expect(await exported(`site_id=${sector.site_id}`, stranger)).toBe(header)
    expect((await owner.get('planner/keywords/export_csv/?colour=red')).status).toBe(400)
  })

  test('streams more rows than one batch, each once', async () => {
    const sector = await newSector(owner)
    const rows = Array.from({ length: 4500 }, (_, n) => `batch ${n}`)
    await importCsv(owner, sector, `keyword\n${rows.join('\n')}\n`)
    const lines = (await exported(`sector_id=${sector.sector_id}`)).trimEnd().split('\r\n').slice(1)
    expect(new Set(lines.map((line) => line.split(',')[0]))).toEqual(new Set(rows))
    expect(lines).toHaveLength(4500)
    const list = await owner.get<List>(
      `planner/keywords/?sector_id=${sector.sector_id}&page_size=1`,
    )
    expect(list.body.count).toBe(4500)
  })
})
