import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startEmbedded } from '../../db/embedded/start-embedded.ts'
import { backendOf, postmasterOf } from '../attacks/outside/outages.ts'
import { type Client, register } from '../helpers/client.ts'
import { until } from '../helpers/until.ts'

const KILLS = process.env.SOAK ? 20 : 2
const TASKS = process.env.SOAK ? 100 : 12
const PROCESS = fileURLToPath(new URL('./service-process.ts', import.meta.url))
const LIMIT_MS = process.env.SOAK ? 40 * 60_000 : 8 * 60_000

let dataDir: string
let service: ChildProcess
let url: string
let owner: Client
beforeAll(async () => {
  dataDir = mkdtempSync(path.join(tmpdir(), 'igny8-outages-'))
  chmodSync(dataDir, 0o755)
  service = spawn(process.execPath, [PROCESS], {
    env: { PATH: process.env.PATH, PORT: '0', IGNY8_DATA_DIR: dataDir, TEST_SETTLE_MS: '1500' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  for await (const chunk of service.stdout!) {
    output += chunk
    if (output.includes('listening')) break
  }
  service.stdout!.resume()
  url = /http:\S+/.exec(output)![0]
  owner = await register(url, 'Outages')
})
afterAll(async () => {
  service.kill('SIGKILL')
  await once(service, 'exit')
  const server = await startEmbedded({ dataDir })
  await server.stop({ cutOff: true })
  if (server.dir.startsWith('/var/lib/igny8/')) rmSync(server.dir, { recursive: true, force: true })
  rmSync(dataDir, { recursive: true, force: true })
})

/** Asks until the service answers with something else than a 503. */
async function patiently<T>(ask: () => Promise<{ status: number; body: T }>): Promise<T> {
  const served = async () => {
    const answer = await ask()
    if (answer.status < 400) return answer
    expect(answer.status, JSON.stringify(answer.body)).toBe(503)
  }
  return (await until(served, { what: 'an answer other than 503' })).body
}

/** Creates over outages: the same key makes the same thing once. */
const create = (route: string, body: object, key: string) =>
  patiently(() => owner.call<{ id: number }>('POST', route, body, { 'idempotency-key': key }))

it(
  'loses nothing, does nothing twice and charges exactly while PostgreSQL and its backends are killed',
  async () => {
    // The superuser may lift the limits of the plan.
    const { url: databaseUrl } = await startEmbedded({ dataDir })
    const admin = postgres(databaseUrl, { max: 1, onnotice: () => {} })
    await admin`update accounts set credits = 100000 where id = ${owner.accountId}`
    await admin`update plans set daily_content_tasks = 1000000, monthly_word_count_limit = 1000000000,
      daily_ai_requests = 1000000, monthly_content_ai_credits = 1000000, max_keywords = 1000000`
    await admin.end({ timeout: 1 })

    const site = await create('auth/sites/', { name: 'Blog' }, 'site')
    const place = { site_id: site.id }
    const sector = await create('auth/sectors/', { ...place, name: 'Tea' }, 'sector')
    const there = { ...place, sector_id: sector.id }
    const ids: number[] = []
    for (let n = 0; n < TASKS; n++) {
      const task = await create('writer/tasks/', { ...there, title: `Written ${n}` }, `task-${n}`)
      ids.push(task.id)
    }
    const before = await patiently(() => owner.get<{ charged: number }>('billing/balance/'))

    const runs: number[] = []
    const share = Math.ceil(ids.length / KILLS)
    let keywords = 0
    for (let n = 0; n < KILLS; n++) {
      const some = ids.slice(n * share, (n + 1) * share)
      const started = create(
        'writer/tasks/auto_generate_content/',
        { ids: some },
        `run-${n}`,
      ) as Promise<unknown> as Promise<{ task_id: number }>
      const created = Array.from({ length: 20 }, (_, k) =>
        create('planner/keywords/', { ...there, keyword: `k ${n} ${k}` }, `k-${n}-${k}`),
      )
      const listed = Array.from({ length: 5 }, () => patiently(() => owner.get('writer/tasks/')))
      await delay(Math.random() * 500)
      process.kill(postmasterOf({ dataDir }), 'SIGKILL')
      await Promise.all([...created, ...listed])
      runs.push((await started).task_id)
      keywords += created.length
      process.kill(backendOf({ dataDir }), 'SIGKILL')
    }

    for (const id of runs) {
      const isDone = async () => {
        const run = await patiently(() =>
          owner.get<{ state: string; error: unknown }>(`system/settings/task_progress/${id}/`),
        )
        if (run.state === 'SUCCESS') return true
        expect(['PENDING', 'PROGRESS'], JSON.stringify(run.error)).toContain(run.state)
      }
      await until(isDone, { what: `the success of run ${id}`, within: LIMIT_MS / 2 })
    }
    const balance = await patiently(() =>
      owner.get<{ charged: number; held: number }>('billing/balance/'),
    )
    expect(balance).toMatchObject({ charged: before.charged + 3 * ids.length, held: 0 })
    const counts = await Promise.all(
      ['writer/tasks/?page_size=1', 'planner/keywords/?page_size=1'].map((route) =>
        patiently(() => owner.get<{ count: number }>(route)),
      ),
    )
    expect(counts.map(({ count }) => count)).toEqual([ids.length, keywords])
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
  },
  LIMIT_MS,
)
