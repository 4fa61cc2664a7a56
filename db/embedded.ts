import { spawn, spawnSync } from 'node:child_process'
import crypto from 'node:crypto'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import postgres from 'postgres'
import { type Account, binaries, reachable, serverAccount } from './embedded-binaries.ts'

export type EmbeddedPostgres = {
  url: string
  pid: number
  /** The cluster's folder. */
  dir: string
  /** Stops the server, unless other clients are still connected to it and nobody says to cut them off. */
  stop(options?: { cutOff?: boolean }): Promise<void>
}

const START_LIMIT_MS = 60_000
const REMOVE_LIMIT_MS = 10_000
/** The first message of a client that asks for encryption: the server answers with one letter. */
const SSL_REQUEST = Uint8Array.of(0, 0, 0, 8, 4, 210, 22, 47)
/** For tests: a server whose data need not survive the machine. */
const UNSAFE_FLAGS = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off']

/**
 * Starts the PostgreSQL that npm installed, with its data under `dataDir`, or attaches to it when it
 * runs already. Any number of processes may call this at once. It outlives a killed caller.
 */
export async function startEmbedded(options: {
  dataDir: string
  unsafe?: boolean
}): Promise<EmbeddedPostgres> {
  const account = serverAccount()
  const dir = clusterDir(options.dataDir, account)
  const bin = binaries(account)
  await sweepAbandoned(dir)
  if (!fs.existsSync(path.join(dir, 'data'))) await initialise(dir, bin, account)
  const { pid, port } = await running(dir, bin, account, options.unsafe ? UNSAFE_FLAGS : [])
  const password = fs.readFileSync(path.join(dir, 'password'), 'utf8').trim()
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`
  return { url, pid, dir, stop: ({ cutOff = false } = {}) => stop(url, dir, cutOff) }
}

/**
 * PostgreSQL refuses to run as root, so root runs it as another user, who may not be able to reach a
 * checkout under a private folder; its cluster then lives under /var/lib, named after that folder.
 */
function clusterDir(dataDir: string, account: Account): string {
  fs.mkdirSync(dataDir, { recursive: true, mode: 0o755 })
  const real = fs.realpathSync(dataDir)
  if (!account || reachable(real)) return path.join(real, 'postgres')
  const name = crypto.createHash('sha256').update(real).digest('hex').slice(0, 16)
  fs.mkdirSync('/var/lib/igny8', { recursive: true, mode: 0o755 })
  return path.join('/var/lib/igny8', `postgres-${name}`)
}

/** Makes the cluster beside its place and renames it: of several starters one wins, a kill leaves no half. */
async function initialise(dir: string, bin: string, account: Account): Promise<void> {
  const temporary = `${dir}.init-${process.pid}`
  await remove(temporary)
  fs.mkdirSync(temporary, { mode: 0o755 })
  const passwordFile = path.join(temporary, 'password')
  fs.writeFileSync(passwordFile, crypto.randomBytes(18).toString('base64url'), { mode: 0o600 })
  for (const file of [temporary, passwordFile]) {
    if (account) fs.chownSync(file, account.uid, account.gid)
  }
  const made = spawnSync(
    path.join(bin, 'initdb'),
    [
      ...['-D', path.join(temporary, 'data'), '-U', 'postgres', '-A', 'scram-sha-256'],
      ...['--pwfile', passwordFile, '-E', 'UTF8', '--locale=C.UTF-8'],
      ...['--locale-provider=builtin', '--no-instructions'],
    ],
    {
      uid: account?.uid,
      gid: account?.gid,
      env: environment(temporary),
      encoding: 'utf8',
      cwd: temporary,
    },
  )
  if (made.status !== 0) throw new Error(`initdb failed: ${made.error ?? made.stderr}`)
  try {
    fs.renameSync(temporary, dir)
  } catch (error) {
    if (!fs.existsSync(path.join(dir, 'data'))) throw error
    await remove(temporary)
  }
}

/** Removes what starters left that were killed inside `initialise`. */
async function sweepAbandoned(dir: string): Promise<void> {
  const prefix = `${path.basename(dir)}.init-`
  for (const name of fs.readdirSync(path.dirname(dir))) {
    if (!name.startsWith(prefix) || alive(Number(name.slice(prefix.length)))) continue
    await remove(path.join(path.dirname(dir), name))
  }
}

/** Until it is gone: the initdb of a killed starter writes and removes files there for a moment more. */
async function remove(folder: string): Promise<void> {
  const end = Date.now() + REMOVE_LIMIT_MS
  while (fs.existsSync(folder)) {
    try {
      fs.rmSync(folder, { recursive: true, force: true })
    } catch (error) {
      if (Date.now() > end) throw error
      await delay(50)
    }
  }
}

type Postmaster = { pid: number; port: number; ready: boolean }

async function running(
  dir: string,
  bin: string,
  account: Account,
  flags: string[],
): Promise<Postmaster> {
  const end = Date.now() + START_LIMIT_MS
  while (Date.now() < end) {
    const found = postmaster(dir)
    if (found?.ready && (await answers(found.port))) return found
    if (!found) {
      clearStaleLock(dir)
      await launch(dir, bin, account, flags)
    }
    await delay(25)
  }
  throw new Error(
    `PostgreSQL did not become ready in a minute; see ${path.join(dir, 'postgres.log')}`,
  )
}

/** Resolves when the server is ready or has ended: another starter's may have been first. */
async function launch(dir: string, bin: string, account: Account, flags: string[]): Promise<void> {
  const log = fs.openSync(path.join(dir, 'postgres.log'), 'a', 0o600)
  if (account) fs.fchownSync(log, account.uid, account.gid)
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=200',
    ...flags,
  ]
  const child = spawn(
    path.join(bin, 'postgres'),
    [
      '-D',
      path.join(dir, 'data'),
      '-p',
      String(await freePort()),
      ...settings.flatMap((s) => ['-c', s]),
    ],
    {
      uid: account?.uid,
      gid: account?.gid,
      env: environment(dir),
      cwd: dir,
      stdio: ['ignore', log, log],
      detached: true,
    },
  )
  fs.closeSync(log)
  child.unref()
  let ended = false
  child.once('exit', () => {
    ended = true
  })
  child.once('error', () => {
    ended = true
  })
  const end = Date.now() + START_LIMIT_MS
  while (!ended && !postmaster(dir)?.ready && Date.now() < end) await delay(25)
  // A killed server's children hold its shared memory for a moment.
  if (ended) await delay(250)
}

/** The live server on this cluster. postmaster.pid: line 1 pid, 4 port, 8 status. */
function postmaster(dir: string): Postmaster | undefined {
  const lines = readLock(dir)
  if (!lines) return undefined
  const pid = Number(lines[0])
  if (!isPostgres(pid)) return undefined
  return { pid, port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' }
}

/** The pid in the lock file may have become a zombie's or another program's: PostgreSQL would refuse to start. */
function clearStaleLock(dir: string): void {
  const lines = readLock(dir)
  if (lines && !isPostgres(Number(lines[0]))) {
    fs.rmSync(path.join(dir, 'data', 'postmaster.pid'), { force: true })
  }
}

function readLock(dir: string): string[] | undefined {
  const file = path.join(dir, 'data', 'postmaster.pid')
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8').split('\n') : undefined
}

function isPostgres(pid: number): boolean {
  if (!alive(pid)) return false
  const cmdline = `/proc/${pid}/cmdline`
  if (process.platform !== 'linux') return true
  return fs.existsSync(cmdline) && fs.readFileSync(cmdline, 'utf8').includes('postgres')
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

async function stop(url: string, dir: string, cutOff: boolean): Promise<void> {
  const found = postmaster(dir)
  if (!found || (!cutOff && (await usedByOthers(url)))) return
  process.kill(found.pid, 'SIGINT')
  while (postmaster(dir)) await delay(10)
}

async function usedByOthers(url: string): Promise<boolean> {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  const [row] = await sql<{ others: number }[]>`select count(*)::int as others from pg_stat_activity
    where backend_type = 'client backend' and pid <> pg_backend_pid()`
  await sql.end()
  return row !== undefined && row.others > 0
}

function environment(home: string): NodeJS.ProcessEnv {
  return { PATH: '/usr/bin:/bin', LANG: 'C', LC_ALL: 'C', TZ: 'UTC', HOME: home }
}

/** A killed server looks alive, and takes connections, until the kernel has ended it. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write(SSL_REQUEST))
    socket.setTimeout(START_LIMIT_MS, () => socket.destroy())
    socket.once('data', () => {
      resolve(true)
      socket.destroy()
    })
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
  })
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo
      server.close(() => resolve(port))
    })
  })
}
