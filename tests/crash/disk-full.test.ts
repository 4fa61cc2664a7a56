import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startEmbedded } from '../../db/embedded/start-embedded.ts'
import { type Client, register } from '../helpers/client.ts'
import { until } from '../helpers/until.ts'

const PROCESS = fileURLToPath(new URL('./service-process.ts', import.meta.url))
const MEGABYTE = new Uint8Array(1024 * 1024).fill(120)
const LIMIT_MS = 5 * 60_000

let dataDir: string
let service: ChildProcess
let owner: Client
beforeAll(async () => {
  dataDir = mkdtempSync(path.join(tmpdir(), 'igny8-full-'))
  // A disk of its own; mounting one takes root, which the tests are run by.
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=192m,mode=755', 'tmpfs', dataDir])
  chmodSync(dataDir, 0o755)
  service = spawn(process.execPath, [PROCESS], {
    env: { PATH: process.env.PATH, PORT: '0', IGNY8_DATA_DIR: dataDir, TEST_SETTLE_MS: '1500' },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let output = ''
  for await (const chunk of service.stdout!) {
    output += chunk
    if (output.includes('listening')) break
  }
  service.stdout!.resume()
  owner = await register(/http:\S+/.exec(output)![0], 'Full')
})
afterAll(async () => {
  service.kill('SIGKILL')
  if (service.exitCode === null && service.signalCode === null) await once(service, 'exit')
  await (await startEmbedded({ dataDir })).stop({ cutOff: true })
  execFileSync('umount', ['-l', dataDir])
  rmSync(dataDir, { recursive: true, force: true })
})

it(
  'answers 503 while the disk of its PostgreSQL is full, stays up, and goes on when there is room',
  async () => {
    const site = await owner.post<{ id: number }>('auth/sites/', { name: 'Blog' })
    const place = { site_id: site.body.id }
    const sector = await owner.post<{ id: number }>('auth/sectors/', { ...place, name: 'Tea' })
    const filler = path.join(dataDir, 'filler')
    const fill = () => {
      try {
        for (;;) appendFileSync(filler, MEGABYTE)
      } catch (error) {
        expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC')
      }
    }
    let made = 0
    const make = async () => {
      const title = `Task ${made}`
      // No two alike, or PostgreSQL would compress them.
      const bytes = Buffer.from(crypto.getRandomValues(new Uint8Array(60_000)))
      const { status, body } = await owner.post('writer/tasks/', {
        ...place,
        sector_id: sector.body.id,
        title,
        description: bytes.toString('base64').slice(0, 10_000),
      })
      if (status === 201) made++
      else expect([status, body.code]).toEqual([503, 'database_unavailable'])
      return status
    }
    while ((await make()) === 201) fill()
    expect((await fetch(`${owner.url}/healthz`)).status).toBe(200)
    rmSync(filler)
    const isMade = async () => (await make()) === 201
    await until(isMade, { what: 'a write after the disk had room again', within: 60_000 })
    const { body } = await owner.get<{ count: number }>('writer/tasks/?page_size=1')
    expect(body.count).toBe(made)
    expect(service.exitCode).toBeNull()
  },
  LIMIT_MS,
)
