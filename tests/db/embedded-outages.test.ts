import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import postgres from 'postgres'
import { afterEach, expect, it } from 'vitest'
import { type EmbeddedPostgres, startEmbedded } from '../../db/embedded/start-embedded.ts'
import { until } from '../helpers/until.ts'

const started: EmbeddedPostgres[] = []
const folders: string[] = []
const stops: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
  for (const server of started.splice(0)) {
    await server.stop({ cutOff: true })
    if (server.dir.startsWith('/var/lib/igny8/'))
      rmSync(server.dir, { recursive: true, force: true })
  }
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** A folder that the user of the server can enter. */
function folder(): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'igny8-outages-'))
  chmodSync(dir, 0o755)
  folders.push(dir)
  return dir
}

async function start(dataDir: string): Promise<EmbeddedPostgres> {
  const server = await startEmbedded({ dataDir })
  started.push(server)
  return server
}

async function query(server: EmbeddedPostgres, text: string) {
  const sql = postgres(server.url, { max: 1, onnotice: () => {} })
  try {
    return await sql.unsafe(text)
  } finally {
    await sql.end({ timeout: 1 })
  }
}

/** Tries until the server answers; its address is the old one. */
async function untilBack(server: EmbeddedPostgres): Promise<number> {
  const began = Date.now()
  for (;;) {
    try {
      await query(server, 'select 1')
      return Date.now() - began
    } catch (error) {
      if (Date.now() - began > 15_000) throw error
      await delay(50)
    }
  }
}

it('restarts a killed server at the same address, whichever of two supervisors is first', async () => {
  const dir = folder()
  const [one, two] = [await start(dir), await start(dir)]
  stops.push(one.supervise(console.error), two.supervise(console.error))
  await query(one, 'create table kept as select generate_series(1, 1000) as n')
  for (let n = 0; n < 3; n++) {
    const { pid } = await startEmbedded({ dataDir: dir })
    process.kill(pid, 'SIGKILL')
    expect(await untilBack(one)).toBeLessThan(15_000)
    expect(await query(two, 'select count(*)::int as n from kept')).toEqual([{ n: 1000 }])
  }
})

it('restarts a killed server while a query of the old one still runs', async () => {
  const server = await start(folder())
  const computing = query(server, 'do $$ begin loop end loop; end $$')
  const failed = expect(computing).rejects.toThrow()
  await until(() => activeQueries(server), { what: 'the query that computes' })
  stops.push(server.supervise(console.error))
  process.kill(server.pid, 'SIGKILL')
  expect(await untilBack(server)).toBeLessThan(15_000)
  await failed
})

async function activeQueries(server: EmbeddedPostgres): Promise<number> {
  const [row] = await query(
    server,
    `select count(*)::int as n from pg_stat_activity where query like 'do %'`,
  )
  return row!.n
}

it('keeps its address over a stop', async () => {
  const dir = folder()
  const first = await start(dir)
  await first.stop()
  expect((await start(dir)).url).toBe(first.url)
})

it('does not touch a server that does not respond', async () => {
  const server = await start(folder())
  process.kill(server.pid, 'SIGSTOP')
  try {
    await server.stop()
  } finally {
    process.kill(server.pid, 'SIGCONT')
  }
  expect(await query(server, 'select 1 as one')).toEqual([{ one: 1 }])
})

it('finds its database in a data folder that was moved', async () => {
  const dir = path.join(folder(), 'first')
  const first = await start(dir)
  await query(first, 'create table kept (n int)')
  await first.stop()
  const moved = path.join(path.dirname(dir), 'second')
  renameSync(dir, moved)
  expect(await query(await start(moved), 'select * from kept')).toEqual([])
})

it.runIf(process.getuid?.() === 0)(
  'refuses to start empty when the data folder was closed to the user of the server',
  async () => {
    const dir = folder()
    await (await start(dir)).stop()
    chmodSync(dir, 0o700)
    await expect(startEmbedded({ dataDir: dir })).rejects.toThrow(/^IGNY8_DATA_DIR: .*cannot reach/)
    // So does one that an earlier version made, which left no note.
    rmSync(path.join(dir, 'database.json'))
    await expect(startEmbedded({ dataDir: dir })).rejects.toThrow(/^IGNY8_DATA_DIR: .*cannot reach/)
  },
)

it.runIf(process.getuid?.() === 0)(
  'keeps the database of a closed folder when that folder is opened or moved',
  async () => {
    const outer = folder()
    const dir = path.join(outer, 'data')
    mkdirSync(dir, { mode: 0o700 })
    const first = await start(dir)
    expect(first.dir).toMatch(/^\/var\/lib\/igny8\//)
    await query(first, 'create table kept (n int)')
    await first.stop()
    chmodSync(dir, 0o755)
    const second = await start(dir)
    expect(second.dir).toBe(first.dir)
    await second.stop()
    const moved = path.join(outer, 'moved')
    renameSync(dir, moved)
    expect(await query(await start(moved), 'select * from kept')).toEqual([])
  },
)

it.each([
  ['is missing', (dir: string) => rmSync(path.join(dir, 'postgres'), { recursive: true })],
  [
    'is another one',
    (dir: string) => {
      const control = path.join(dir, 'postgres/data/global/pg_control')
      const bytes = readFileSync(control)
      bytes.writeBigUInt64LE(1n)
      writeFileSync(control, bytes)
    },
  ],
])('refuses to start empty when its database %s', async (_, harm) => {
  const dir = folder()
  await (await start(dir)).stop()
  harm(dir)
  await expect(startEmbedded({ dataDir: dir })).rejects.toThrow(
    /^IGNY8_DATA_DIR: the database of \S+ \(\d+\) was in \S+, which .*\. Bring it back/,
  )
})

it('refuses to start with an empty database but existing keys', async () => {
  const dir = folder()
  writeFileSync(path.join(dir, 'secret_keys'), 'a key\n')
  await expect(startEmbedded({ dataDir: dir })).rejects.toThrow(/^IGNY8_DATA_DIR: .*secret_keys/)
})
