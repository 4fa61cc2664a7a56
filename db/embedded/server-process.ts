import { spawn } from 'node:child_process'
import crypto from 'node:crypto'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Account } from './binaries.ts'

const START_LIMIT_MS = 60_000
/** How long a lock file may be empty. */
const EMPTY_LOCK_MS = 5_000
/** Below those that systems give to outgoing connections, one of which could hold the server's while it is down. */
const PORTS = { from: 16_384, to: 32_768 }
/** The first message of a client that asks for encryption: the server answers with one letter. */
const SSL_REQUEST = Uint8Array.of(0, 0, 0, 8, 4, 210, 22, 47)

/**
 * Logs the life of the server but no refused statements: they contain what people typed, and anyone can
 * cause them.
 */
const LOGGED = [
  'log_min_messages=log',
  'log_min_error_statement=panic',
  'log_error_verbosity=terse',
  'log_checkpoints=off',
]
/** A larger log is rotated; one old copy is kept. */
const MAX_LOG_BYTES = 10 * 1024 * 1024

/** How a cluster's server is run. */
export type Server = { dir: string; bin: string; account: Account; flags: string[] }

export type Postmaster = { pid: number; port: number; ready: boolean }

/**
 * The cluster's server, started when it does not run. Throws when it is not ready within a minute, or
 * when `signal` is aborted. `port`: the one that it must have, for clients that know it.
 */
export async function running(
  server: Server,
  { port, signal }: { port?: number; signal?: AbortSignal } = {},
): Promise<Postmaster> {
  const end = Date.now() + START_LIMIT_MS
  while (Date.now() < end) {
    signal?.throwIfAborted()
    const found = postmaster(server.dir)
    if (found?.ready && (await answers(found.port))) return found
    if (!found) {
      killOrphans(server.dir)
      clearStaleLock(server.dir)
      await launch(server, port ?? (await portOf(server.dir)))
    }
    await delay(25)
  }
  throw new Error(`PostgreSQL was not ready within a minute. See ${logOf(server.dir)}`)
}

/** The live server on this cluster. postmaster.pid: line 1 pid, 4 port, 8 status. */
export function postmaster(dir: string): Postmaster | undefined {
  const lines = readLock(dir)
  if (!lines) return undefined
  const pid = Number(lines[0])
  if (!isServer(pid, dir)) return undefined
  return { pid, port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' }
}

/** Notes the port, which clients may know, for the next start. */
export function keepPort(dir: string, port: number): void {
  const file = path.join(dir, 'port')
  if (keptPort(dir) === port) return
  fs.writeFileSync(`${file}.${process.pid}`, String(port))
  fs.renameSync(`${file}.${process.pid}`, file)
}

export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

export function environment(home: string): NodeJS.ProcessEnv {
  return { PATH: '/usr/bin:/bin', LANG: 'C', LC_ALL: 'C', TZ: 'UTC', HOME: home }
}

/** Resolves when the server is ready or has ended: another starter's may have been first. */
async function launch({ dir, bin, account, flags }: Server, port: number): Promise<void> {
  boundLog(dir)
  const log = fs.openSync(logOf(dir), 'a', 0o600)
  if (account) fs.fchownSync(log, account.uid, account.gid)
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=200',
    ...LOGGED,
    ...flags,
  ]
  const child = spawn(
    path.join(bin, 'postgres'),
    ['-D', dataOf(dir), '-p', String(port), ...settings.flatMap((s) => ['-c', s])],
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

/** The pid in the lock file may have become a zombie's or another program's: PostgreSQL would refuse to start. */
export function clearStaleLock(dir: string): void {
  const lines = readLock(dir)
  if (!lines || isServer(Number(lines[0]), dir)) return
  // Another process's server has created the file but not written it yet.
  const made = fs.statSync(lockOf(dir), { throwIfNoEntry: false })?.mtimeMs ?? 0
  if (!lines[0] && Date.now() - made < EMPTY_LOCK_MS) return
  removeLock(dir, lines.join('\n'))
}

/** Removes the file only if it is unchanged: another process may have started a server in the meantime. */
function removeLock(dir: string, stale: string): void {
  const lock = lockOf(dir)
  const aside = `${lock}.${process.pid}`
  try {
    fs.renameSync(lock, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  if (fs.readFileSync(aside, 'utf8') !== stale) fs.linkSync(aside, lock)
  fs.rmSync(aside)
}

/** Copies a large log and truncates it in place, because a running server keeps it open. */
export function boundLog(dir: string): void {
  const log = logOf(dir)
  const size = fs.statSync(log, { throwIfNoEntry: false })?.size ?? 0
  if (size <= MAX_LOG_BYTES) return
  fs.copyFileSync(log, `${log}.old`)
  fs.truncateSync(log)
}

const logOf = (dir: string) => path.join(dir, 'postgres.log')
const dataOf = (dir: string) => path.join(dir, 'data')
const lockOf = (dir: string) => path.join(dataOf(dir), 'postmaster.pid')

function readLock(dir: string): string[] | undefined {
  try {
    return fs.readFileSync(lockOf(dir), 'utf8').split('\n')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Whether `pid` is this cluster's server: another program's, even another server's, may have its pid by now. */
function isServer(pid: number, dir: string): boolean {
  if (!(pid > 0) || !alive(pid)) return false
  return process.platform !== 'linux' || commandOf(pid).split('\0').includes(dataOf(dir))
}

/** Empty for a zombie. */
function commandOf(pid: number | string): string {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

/**
 * Children of a killed server end by themselves once they wait for something; until then no other
 * can start, so that those which compute are killed. They show "postgres: …" as their command, unlike
 * a server that another process starts at this moment.
 */
function killOrphans(dir: string): void {
  if (process.platform !== 'linux') return
  const orphans = fs
    .readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && cwdOf(pid) === dataOf(dir))
    .filter((pid) => commandOf(pid).startsWith('postgres: '))
  if (postmaster(dir)) return
  for (const pid of orphans) {
    try {
      process.kill(Number(pid), 'SIGKILL')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}

/** Undefined where this process may not see it. */
function cwdOf(pid: string): string | undefined {
  try {
    return fs.readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return undefined
  }
}

/** The port of the last start, so that the address stays the same; another when that is taken. */
async function portOf(dir: string): Promise<number> {
  const kept = keptPort(dir)
  if (kept && (await isFree(kept))) return kept
  for (;;) {
    const port = crypto.randomInt(PORTS.from, PORTS.to)
    if (await isFree(port)) return port
  }
}

function keptPort(dir: string): number | undefined {
  const file = path.join(dir, 'port')
  return fs.existsSync(file) ? Number(fs.readFileSync(file, 'utf8')) : undefined
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
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
