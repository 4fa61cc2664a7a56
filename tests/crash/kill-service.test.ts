import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import postgres, { type Sql } from 'postgres'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { type Client, register } from '../helpers/client.ts'
import { cloneTemplate } from '../helpers/database.ts'
import {
  countsIn,
  linkedBlog,
  type Place,
  seeded,
  writeArticles,
} from '../publishing/linked-blog.ts'
import { startWordPress, type WordPress } from '../wordpress/wordpress.ts'

/** `npm run soak` runs all of it. */
const KILLS = process.env.SOAK ? 20 : 4
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000)
const PROCESS = fileURLToPath(new URL('./service-process.ts', import.meta.url))

let wordpress: WordPress
let sql: Sql
let dataDir: string
let environment: NodeJS.ProcessEnv
let service: ChildProcess | undefined
let owner: Client
let place: Place

beforeAll(async () => {
  wordpress = await startWordPress()
  dataDir = mkdtempSync(path.join(tmpdir(), 'igny8-crash-'))
  chmodSync(dataDir, 0o755)
  const databaseUrl = await cloneTemplate(inject('postgresUrl'))
  sql = postgres(databaseUrl, { max: 1, onnotice: () => {} })
  const port = String(await freePort())
  environment = {
    PATH: process.env.PATH,
    PORT: port,
    DATABASE_URL: databaseUrl,
    IGNY8_DATA_DIR: dataDir,
    IGNY8_SECRET_KEYS: 'a key that only the tests of this project ever use',
    IGNY8_ALLOW_PRIVATE_SITES: new URL(wordpress.url).host,
    // The real WordPress here answers at once: a request of a killed process ends in this time.
    TEST_SETTLE_MS: '1500',
  }
  await start()
  owner = await register(`http://127.0.0.1:${port}`, 'Killed')
  await sql`update accounts set credits = 100000 where id = ${owner.accountId}`
  place = await linkedBlog(owner, wordpress)
})
afterAll(async () => {
  await kill()
  await sql?.end()
  await wordpress?.stop()
  rmSync(dataDir, { recursive: true, force: true })
})

async function start(): Promise<void> {
  const child = spawn(process.execPath, [PROCESS], {
    env: environment,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  service = child
  let output = ''
  for await (const chunk of child.stdout) {
    output += chunk
    if (output.includes('listening')) break
  }
  if (!output.includes('listening')) throw new Error('the service did not start')
  child.stdout.resume()
}

async function kill(): Promise<void> {
  if (!service || service.exitCode !== null || service.signalCode !== null) return
  service.kill('SIGKILL')
  await once(service, 'exit')
}

/** Follows a run over restarts: the stream breaks with the process. */
async function ended(runId: number) {
  for (;;) {
    const progress = await owner.follow(runId).catch(() => undefined)
    if (progress && ['SUCCESS', 'FAILURE', 'CANCELLED'].includes(progress.state)) return progress
    await delay(200)
  }
}

it(`publishes each task once though the service is killed ${KILLS} times at random moments (seed ${SEED})`, async () => {
  const random = seeded(SEED)
  const titles: string[] = []
  for (let round = 0; round < KILLS; round++) {
    const three = [1, 2, 3].map((n) => `Killed ${round}.${n}`)
    titles.push(...three)
    const ids = await writeArticles(owner, place, three)
    const run = await owner.post<{ task_id: number }>('writer/tasks/publish/', { ids })
    await delay(random() * 2_500)
    await kill()
    await start()
    expect(await ended(run.body.task_id)).toMatchObject({ state: 'SUCCESS' })
  }
  const { posts, attachments } = countsIn(wordpress)
  expect(Object.fromEntries(posts)).toEqual(Object.fromEntries(titles.map((title) => [title, 1])))
  expect([...attachments.values()].filter((n) => n !== 1)).toEqual([])
  const [files] = await sql`select count(distinct content_hash)::int as n from images`
  expect(attachments.size).toBe(files!.n)
}, 1_800_000)

it('loses no step and charges each once when it is killed while it writes articles', async () => {
  const before = (await owner.get<{ charged: number }>('billing/balance/')).body.charged
  const ids: number[] = []
  for (let n = 0; n < 20; n++) {
    const task = await owner.post<{ id: number }>('writer/tasks/', {
      ...place,
      title: `Written ${n}`,
    })
    ids.push(task.body.id)
  }
  const run = await owner.post<{ task_id: number }>('writer/tasks/auto_generate_content/', {
    ids,
    then: ['images'],
    images_per_task: 1,
  })
  for (let n = 0; n < 3; n++) {
    await delay(400)
    await kill()
    await start()
  }
  const progress = await ended(run.body.task_id)
  expect(progress.state).toBe('SUCCESS')
  const balance = (await owner.get<{ charged: number; held: number }>('billing/balance/')).body
  expect(balance).toMatchObject({ charged: before + 20 * 4, held: 0 })
  const rows =
    await sql`select status, (select count(*)::int from images i where i.task_id = tasks.id) as images
    from tasks where title like 'Written %'`
  expect(rows.map((row) => `${row.status} ${row.images}`)).toEqual(Array(20).fill('review 3'))
}, 600_000)

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
