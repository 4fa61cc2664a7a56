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
import { until } from '../helpers/until.ts'

const PROCESS = fileURLToPath(new URL('./service-process.ts', import.meta.url))

let sql: Sql
let dataDir: string
let environment: NodeJS.ProcessEnv
let service: ChildProcess | undefined
let owner: Client
let place: { site_id: number; sector_id: number }

beforeAll(async () => {
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
    TEST_SETTLE_MS: '1500',
  }
  await start()
  owner = await register(`http://127.0.0.1:${port}`, 'Killed')
  await sql`update accounts set credits = 100000 where id = ${owner.accountId}`
  const site = await owner.post<{ id: number }>('auth/sites/', { name: 'Blog' })
  const site_id = site.body.id
  const sector = await owner.post<{ id: number }>('auth/sectors/', { site_id, name: 'Tea' })
  place = { site_id, sector_id: sector.body.id }
})
afterAll(async () => {
  await kill()
  await sql?.end()
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
function ended(runId: number) {
  const last = async () => {
    const progress = await owner.follow(runId).catch(() => undefined)
    return progress && ['SUCCESS', 'FAILURE', 'CANCELLED'].includes(progress.state) && progress
  }
  return until(last, { what: `the end of run ${runId}`, within: 5 * 60_000 })
}

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
