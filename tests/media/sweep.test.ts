import { readdirSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openMediaPurge } from '../../jobs/scheduled/purge-media.ts'
import { diskMedia } from '../../server/media/disk.ts'
import type { MediaStore } from '../../server/media/media.ts'
import { s3Media } from '../../server/media/s3.ts'
import type { Client } from '../helpers/client.ts'
import { startS3Server } from '../helpers/s3-server.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { newSector, type Row, type Sector } from '../planner/sector.ts'

let service: TestService
let owner: Client
let sector: Sector
beforeAll(async () => {
  service = await startTestService({ role: 'api' })
  owner = await service.owner()
  sector = await newSector(owner)
})
afterAll(() => service.stop())

const logger = { info() {}, warn() {}, error: console.error }
const DAY_MS = 86_400_000

async function sweepAll(media: MediaStore): Promise<number> {
  const round = openMediaPurge({ database: service.database, media, logger })
  let removed = 0
  for (let n = 0; n < 256; n++) removed += await round()
  return removed
}

async function image(image_path: string): Promise<number> {
  const task = await owner.post<Row>('writer/tasks/', { ...sector, title: 'Illustrated' })
  const row = { account_id: owner.accountId, ...sector, task_id: task.body.id, image_path }
  const more = { prompt: 'x', width: 1, height: 1, content_hash: 'x', provider: 'local' }
  await service.sql`insert into images ${service.sql({ ...row, ...more, image_type: 'featured' })}`
  return task.body.id
}

async function unfinishedStep(image_path: string): Promise<void> {
  const { sql } = service
  const [run] = await sql<[{ id: string }]>`insert into runs (account_id, kind, total)
    values (${owner.accountId}, 'generate_images', 1) returning id`
  await sql`insert into run_steps (account_id, run_id, kind, object_id, checkpoint)
    values (${owner.accountId}, ${run.id}, 'generate_images', ${run.id}, ${sql.json({ made: [{ image_path }] })})`
}

const served = async (name: string) => (await fetch(`${service.url}/media/${name}`)).status

/** Puts five files: of an image, of a step that has not ended, of nothing, young, and of an image that goes. */
async function furnish(media: MediaStore) {
  const put = async (text: string) =>
    (await media.put(new TextEncoder().encode(`${text} ${crypto.randomUUID()}`), 'webp')).path
  const named = await put('named')
  const made = await put('made')
  const unnamed = await put('unnamed')
  const young = await put('young')
  const going = await put('going')
  await image(named)
  await unfinishedStep(made)
  const task = await image(going)
  return { named, made, unnamed, young, going, task }
}

it('removes unused files from a folder, and does not serve them before', async () => {
  const media = diskMedia(path.join(service.dataDir, 'media'))
  const { task, ...files } = await furnish(media)
  const at = new Date(Date.now() - 2 * DAY_MS)
  const file = (name: string) => path.join(service.dataDir, 'media', name)
  for (const name of [files.named, files.made, files.unnamed, files.going])
    utimesSync(file(name), at, at)
  const abandoned = file(`${files.named}.0b0a`)
  writeFileSync(abandoned, 'half')
  utimesSync(abandoned, at, at)
  expect(await Promise.all([files.named, files.going].map(served))).toEqual([200, 200])
  expect(await Promise.all([files.unnamed, files.made, '../igny8'].map(served))).toEqual([
    404, 404, 404,
  ])
  await owner.call('DELETE', `writer/tasks/${task}/`)
  expect(await served(files.going)).toBe(404)
  expect(await sweepAll(media)).toBe(2)
  const folders = readdirSync(path.join(service.dataDir, 'media'))
  const left = folders.flatMap((folder) =>
    readdirSync(path.join(service.dataDir, 'media', folder)).map((name) => `${folder}/${name}`),
  )
  expect(left.sort()).toEqual([files.named, files.made, files.young].sort())
  expect(await served(files.named)).toBe(200)
})

it('keeps a file that is stored again during the sweep', async () => {
  const media = diskMedia(path.join(service.dataDir, 'media'))
  const bytes = new TextEncoder().encode('put again')
  const { path: name } = await media.put(bytes, 'webp')
  const at = new Date(Date.now() - 2 * DAY_MS)
  utimesSync(path.join(service.dataDir, 'media', name), at, at)
  const racing: MediaStore = {
    ...media,
    async remove(one) {
      await media.put(bytes, 'webp')
      await media.remove(one)
    },
  }
  await sweepAll(racing)
  expect(await media.get(name)).toBeDefined()
})

it('removes unused files from a bucket', async () => {
  const s3 = await startS3Server()
  try {
    const media = s3Media(s3.bucket)
    const { task: _task, ...files } = await furnish(media)
    for (const [name, object] of s3.objects) {
      if (!name.endsWith(files.young)) object.at = new Date(Date.now() - 2 * DAY_MS)
    }
    expect(await sweepAll(media)).toBe(1)
    const left = [...s3.objects.keys()].map((name) => name.replace('/media/', ''))
    const { named, made, young, going } = files
    expect(left.sort()).toEqual([named, made, young, going].sort())
  } finally {
    await s3.stop()
  }
})
