import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import postgres, { type Sql } from 'postgres'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { type Answer, type Client, register } from '../helpers/client.ts'
import { cloneTemplate } from '../helpers/database.ts'
import { until } from '../helpers/until.ts'
import { newSector, type Sector } from '../planner/sector.ts'

const KILLS = process.env.SOAK ? 20 : 4
const PROCESS = fileURLToPath(new URL('./service-process.ts', import.meta.url))

let sql: Sql
let dataDir: string
let environment: NodeJS.ProcessEnv
let service: ChildProcess
let url: string
let owner: Client
let sector: Sector

beforeAll(async () => {
  dataDir = mkdtempSync(path.join(tmpdir(), 'igny8-keys-'))
  chmodSync(dataDir, 0o755)
  const databaseUrl = await cloneTemplate(inject('postgresUrl'))
  sql = postgres(databaseUrl, { max: 1, onnotice: () => {} })
  environment = {
    PATH: process.env.PATH,
    PORT: '0',
    DATABASE_URL: databaseUrl,
    IGNY8_DATA_DIR: dataDir,
    IGNY8_ROLE: 'api',
    IGNY8_SECRET_KEYS: 'a key that only the tests of this project ever use',
    TEST_SETTLE_MS: '1500',
  }
  await start()
  owner = await register(url, 'Killed')
  sector = await newSector(owner)
})
afterAll(async () => {
  await kill()
  await sql?.end()
  rmSync(dataDir, { recursive: true, force: true })
})

async function start(): Promise<void> {
  const stdio: ['ignore', 'pipe', 'ignore'] = ['ignore', 'pipe', 'ignore']
  const child = spawn(process.execPath, [PROCESS], { env: environment, stdio })
  service = child
  let output = ''
  for await (const chunk of child.stdout) {
    output += chunk
    if (output.includes('\n')) break
  }
  url = /http:\S+/.exec(output)![0]
  child.stdout.resume()
}

async function kill(): Promise<void> {
  if (!service || service.exitCode !== null || service.signalCode !== null) return
  service.kill('SIGKILL')
  await once(service, 'exit')
}

/** One keyword and one task, each with a key of its own. */
const requests = (round: number, n: number): [path: string, body: object, key: string][] => [
  ['planner/keywords/', { ...sector, keyword: `k ${round} ${n}` }, `k-${round}-${n}`],
  ['writer/tasks/', { ...sector, title: `t ${round} ${n}` }, `t-${round}-${n}`],
]

async function send([route, body, key]: ReturnType<typeof requests>[number]): Promise<Answer> {
  const response = await fetch(`${url}/api/v1/${route}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${owner.token}`,
      'content-type': 'application/json',
      'idempotency-key': key,
    },
    body: JSON.stringify(body),
  })
  return { status: response.status, headers: response.headers, body: await response.json() }
}

function sendUntilAnswered(one: ReturnType<typeof requests>[number]): Promise<Answer> {
  const answered = async () => {
    const answer = await send(one)
    // The database may not have noticed yet that the killed process is gone.
    return answer.body.code !== 'idempotency_in_progress' && answer
  }
  return until(answered, { what: `the answer to ${one[2]}` })
}

it('what was committed before a kill is answered and not done again; what was not is done', async () => {
  let unanswered = 0
  let replayed = 0
  for (let round = 0; round < KILLS; round++) {
    const all = Array.from({ length: 40 }, (_, n) => requests(round, n)).flat()
    const enough = Promise.withResolvers<void>()
    let awaited = 1 + Math.floor((Math.random() * all.length) / 2)
    const answers = all.map(async (one) => {
      const answer = await send(one).catch(() => undefined)
      if (--awaited === 0) enough.resolve()
      return answer
    })
    await enough.promise
    await kill()
    const before = await Promise.all(answers)
    await start()
    for (const [at, one] of all.entries()) {
      const answer = await sendUntilAnswered(one)
      expect(answer.status, JSON.stringify(answer.body)).toBe(201)
      const known = before[at]
      if (known?.status === 201) expect(answer.body).toEqual(known.body)
      else unanswered++
      if (answer.headers.has('idempotent-replayed')) replayed++
    }
  }
  const total = KILLS * 40
  const [counts] = await sql`select (select count(*)::int from keywords) as keywords,
    (select count(*)::int from tasks) as tasks, (select count(*)::int from idempotency_keys) as keys`
  expect(counts).toEqual({ keywords: total, tasks: total, keys: 2 * total })
  expect(unanswered).toBeGreaterThan(0)
  expect(replayed).toBeGreaterThan(0)
})
