import { unzipSync } from 'fflate'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { Database } from '../../db/database.ts'
import { exportAccount } from '../../server/accounts/export-account.ts'
import { type ZipEntry, zipped } from '../../server/accounts/zip-stream.ts'
import type { Deps } from '../../server/deps.ts'
import type { Caller } from '../../server/http/caller.ts'
import { diskMedia } from '../../server/media/disk.ts'
import type { Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { until } from '../helpers/until.ts'
import { newSector } from '../planner/sector.ts'

const ARTICLES = 40
const MB = 1024 * 1024
vi.setConfig({ testTimeout: 300_000 })

let service: TestService
let owner: Client
beforeAll(async () => {
  service = await startTestService({ role: 'api' })
  owner = await service.owner()
  const { site_id, sector_id } = await newSector(owner)
  const { sql } = service
  await sql`insert into tasks (account_id, site_id, sector_id, title)
    select ${owner.accountId}, ${site_id}, ${sector_id}, 'Task ' || n from generate_series(1, ${ARTICLES}) n`
  await sql`insert into content (account_id, site_id, sector_id, task_id, html_content)
    select account_id, site_id, sector_id, id, 'Article ' || id || 'x' || ${noise()} from tasks
    where account_id = ${owner.accountId}`
  await sql`insert into keywords (account_id, site_id, sector_id, keyword)
    select ${owner.accountId}, ${site_id}, ${sector_id}, 'keyword ' || n from generate_series(1, 3500) n`
})
afterAll(() => service.stop())

/** A megabyte, another for each task, that no compression makes small: a slow reader is waited for. */
const noise = () => service.sql`(select string_agg(md5(tasks.id || '-' || n), '')
  from generate_series(1, 31250) n)`

/** The database, and the bytes of the text of each batch that passed them. */
function weighed(database: Database, batches: number[]): Database {
  return {
    ...database,
    async withAccount(scope, fn, options) {
      const result = await database.withAccount(scope, fn, options)
      batches.push(JSON.stringify(result ?? null).length)
      return result
    },
  }
}

it('reads every row in batches of limited size', async () => {
  const batches: number[] = []
  const deps = { database: weighed(service.database, batches), media: diskMedia(service.dataDir) }
  const { accountId, userId } = owner
  const scope = { accountId, user: { id: userId, role: 'owner' } }
  const caller = { scope, accountId, userId, requestId: 'test' } as Caller
  const stream = await exportAccount(deps as unknown as Deps, caller)
  const files = unzipSync(new Uint8Array(await new Response(stream).arrayBuffer()))
  expect(Math.max(...batches)).toBeLessThan(1.5 * MB)
  expect(batches.length).toBeGreaterThan(ARTICLES)
  const text = new TextDecoder()
  const rows = text
    .decode(files['content.ndjson'])
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { task_id: number; html_content: string })
  expect(rows).toHaveLength(ARTICLES)
  for (const { task_id, html_content } of rows) {
    expect(html_content.startsWith(`Article ${task_id}x`)).toBe(true)
  }
  const keywords = text.decode(files['keywords.ndjson']).trim().split('\n')
  expect(new Set(keywords.map((line) => JSON.parse(line).keyword)).size).toBe(3500)
})

it('holds no database connection while it waits for slow readers', async () => {
  const slow = await Promise.all(
    Array.from({ length: 15 }, async () => {
      const response = await fetch(
        `${service.url}/api/v1/auth/accounts/${owner.accountId}/export/`,
        { headers: { authorization: `Bearer ${owner.token}` } },
      )
      const reader = response.body!.getReader()
      await reader.read()
      return reader
    }),
  )
  // Fifteen are under way over a pool of ten: others work all the same.
  await until(() => service.database.connectionsInUse() === 0, {
    what: 'the return of all connections',
  })
  expect((await owner.get('planner/keywords/')).status).toBe(200)
  await Promise.all(slow.map((reader) => reader.cancel()))
})

async function read(entries: AsyncIterable<ZipEntry>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  const archive = { [Symbol.asyncIterator]: () => zipped(entries) }
  for await (const chunk of archive) chunks.push(chunk)
  return Buffer.concat(chunks)
}

it('supports more files than a zip without ZIP64', async () => {
  const files = unzipSync(await read(manyFiles()))
  expect(Object.keys(files)).toHaveLength(FILES)
  expect(new TextDecoder().decode(files[`media/${FILES - 1}`])).toBe('image')
})

const FILES = 66_000

async function* manyFiles(): AsyncGenerator<ZipEntry> {
  const image = new TextEncoder().encode('image')
  for (let n = 0; n < FILES; n++) {
    yield { name: `media/${n}`, isCompressed: true, chunks: [image] }
  }
}

it('reports a read error to the reader without ending the process', async () => {
  async function* broken(): AsyncGenerator<ZipEntry> {
    yield { name: 'a', isCompressed: false, chunks: failing() }
  }
  async function* failing() {
    yield new Uint8Array(10)
    throw new Error('the database is away')
  }
  await expect(read(broken())).rejects.toThrow('the database is away')
})
