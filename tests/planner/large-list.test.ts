import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { Readable } from 'node:stream'
import { json } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { type Imported, importCsv, type List, newSector } from './sector.ts'

let service: TestService
let owner: Client

beforeAll(async () => {
  service = await startTestService()
  owner = await service.owner()
})
afterAll(() => service.stop())

const KEYWORDS = 10_000
const STREAMED_ROWS = 200_000
const MB = 1024 * 1024

const FIRST = ['best', 'how to clean', 'cheap', 'how to use', 'compare', 'buy', 'repair', 'travel']
const THINGS = [
  ['french press', 'espresso machine', 'coffee grinder', 'moka pot', 'milk frother'],
  ['road bike', 'bike helmet', 'bike lights', 'cycling shoes', 'bike pump'],
  ['tomato plant', 'garden hose', 'lawn mower', 'compost bin', 'rose bush'],
  ['yoga mat', 'resistance band', 'kettlebell', 'treadmill', 'foam roller'],
  ['dog food', 'cat litter', 'puppy crate', 'aquarium filter', 'bird cage'],
].flat()
const LAST = [
  'for beginners',
  'under 50',
  'at home',
  'for small spaces',
  'reviews',
  'near me',
  'ideas',
  'sale',
  'guide',
  'tips',
]
const YEARS = ['2021', '2022', '2023', '2024', '2025', '2026']

/** Phrases as people search for them, none twice. */
function* phrases(): Generator<string> {
  for (const year of ['', ...YEARS]) {
    for (const last of LAST) {
      for (const first of FIRST) {
        for (const thing of THINGS) yield `${first} ${thing} ${last} ${year}`.trim()
      }
    }
  }
}

/** What `work` took: seconds, and by how many MB the process was larger at its peak than before. */
async function measured<T>(
  work: () => Promise<T>,
): Promise<{ result: T; seconds: number; mb: number }> {
  const before = process.memoryUsage().rss
  let peak = before
  const sample = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss)
  }, 20)
  const began = performance.now()
  const result = await work().finally(() => clearInterval(sample))
  const seconds = Math.round((performance.now() - began) / 100) / 10
  return { result, seconds, mb: Math.round((peak - before) / MB) }
}

test('imports 10,000 keywords and clusters them with the local provider', async () => {
  const sector = await newSector(owner)
  const lines = [...phrases()]
    .slice(0, KEYWORDS)
    .map((phrase, n) => `${phrase},${n % 5000},${n % 100}`)
  expect(lines).toHaveLength(KEYWORDS)
  const csv = `keyword,volume,difficulty\n${lines.join('\n')}\n`
  const imported = await measured(() => importCsv(owner, sector, csv))
  expect(imported.result.body).toMatchObject({ imported: KEYWORDS, updated: 0, skipped: 0 })
  const clustered = await measured(() => owner.run('planner/keywords/auto_cluster/', sector))
  expect(clustered.result).toMatchObject({
    state: 'SUCCESS',
    meta: { current: KEYWORDS, total: KEYWORDS },
  })
  expect(clustered.result.meta.request_steps).toHaveLength(10)
  const path = `planner/clusters/?sector_id=${sector.sector_id}&ordering=-keywords_count`
  const clusters = (await owner.get<List>(path)).body
  const within = await owner.get<List>(
    `planner/keywords/?sector_id=${sector.sector_id}&clustered=true&page_size=1`,
  )
  console.log(
    `10,000 keywords: imported in ${imported.seconds} s (+${imported.mb} MB), clustered in ` +
      `${clustered.seconds} s (+${clustered.mb} MB): ${within.body.count} of them in ${clusters.count} clusters`,
  )
  expect(within.body.count).toBeGreaterThan(KEYWORDS / 2)
})

test('imports a file much larger than the memory it takes', async () => {
  const sector = await newSector(owner)
  const { result, seconds, mb } = await measured(() => importStreamed(sector))
  const size = Math.round(result.bytes / MB)
  console.log(`${STREAMED_ROWS} rows (${size} MB): imported in ${seconds} s (+${mb} MB)`)
  expect(result.body).toMatchObject({ imported: STREAMED_ROWS, skipped: 0, errors: [] })
  expect(mb).toBeLessThan(size)
})

/** Uploads rows that are made while they are sent, each with a column that is ignored. */
async function importStreamed({ site_id, sector_id }: { site_id: number; sector_id: number }) {
  const field = (name: string, value: number) =>
    `--XX\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
  const ignored = 'x'.repeat(1000)
  let bytes = 0
  function* body() {
    yield field('site_id', site_id) + field('sector_id', sector_id)
    yield '--XX\r\ncontent-disposition: form-data; name="file"; filename="k.csv"\r\n\r\n'
    yield 'keyword,notes,volume\n'
    for (let n = 0; n < STREAMED_ROWS; n += 100) {
      const numbers = Array.from({ length: 100 }, (_, of) => n + of)
      yield numbers.map((row) => `streamed keyword ${row},${ignored},${row}\n`).join('')
    }
    yield '\r\n--XX--\r\n'
  }
  function* encoded() {
    for (const piece of body()) {
      const chunk = Buffer.from(piece)
      bytes += chunk.length
      yield chunk
    }
  }
  // Unlike fetch, which was seen to hold all of a stream that it sends faster than it is read.
  const upload = request(`${service.url}/api/v1/planner/keywords/import_csv/`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${owner.token}`,
      'content-type': 'multipart/form-data; boundary=XX',
    },
  })
  const answered = once(upload, 'response') as Promise<[IncomingMessage]>
  await pipeline(Readable.from(encoded()), upload)
  const [response] = await answered
  return { body: (await json(response)) as Imported, bytes }
}
