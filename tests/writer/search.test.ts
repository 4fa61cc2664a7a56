import { randomBytes } from 'node:crypto'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { signIn } from '../helpers/client.ts'
import { cloneTemplate } from '../helpers/database.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { newDraft, newPlace } from './place.ts'

let url: string
let admin: postgres.Sql
beforeAll(async () => {
  url = await cloneTemplate(inject('postgresUrl'))
  admin = postgres(url, { max: 1, onnotice: () => {} })
})
afterAll(() => admin.end())

/** How many blocks of stored article texts a service read while it did `work`: they are counted when it ends. */
async function textBlocksRead(work: (service: TestService) => Promise<void>): Promise<number> {
  const before = await textBlocks()
  const service = await startTestService({ role: 'api', databaseUrl: url })
  await work(service)
  await service.stop()
  return (await textBlocks()) - before
}

async function textBlocks(): Promise<number> {
  const [row] = await admin<{ blocks: string }[]>`
    select toast_blks_read + toast_blks_hit + tidx_blks_read + tidx_blks_hit as blocks
    from pg_statio_user_tables where relname = 'content'`
  return Number(row!.blocks)
}

it('searches without reading the text of an article', async () => {
  let email = ''
  let task = 0
  const writing = await textBlocksRead(async (service) => {
    const owner = await service.owner()
    const incompressible = randomBytes(30_000).toString('base64')
    const html_content = `<p>Needle ${incompressible}</p>`
    task = (await newDraft(owner, await newPlace(owner), { html_content })).id
    email = owner.email
  })
  expect(writing).toBeGreaterThan(0)

  const searching = await textBlocksRead(async (service) => {
    const owner = await signIn(service.url, email)
    for (const path of ['writer/tasks', 'writer/content']) {
      const found = await owner.get<{ count: number }>(`${path}/?search=needle`)
      expect(found.body.count).toBe(0)
    }
  })
  expect(searching).toBe(0)

  const reading = await textBlocksRead(async (service) => {
    const owner = await signIn(service.url, email)
    expect((await owner.get(`writer/tasks/${task}/`)).body.html_content).toContain('Needle')
  })
  expect(reading).toBeGreaterThan(0)
})
