import { spawnSync } from 'node:child_process'
import crypto from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import postgres from 'postgres'
import { type Account, binaries, serverAccount } from './binaries.ts'
import { clusterDir, noteCluster } from './data-folder.ts'
import {
  alive,
  boundLog,
  environment,
  keepPort,
  postmaster,
  running,
  type Server,
} from './server-process.ts'

export type EmbeddedPostgres = {
  /** Stays the same while a process supervises the server. */
  url: string
  pid: number
  /** The cluster's folder. */
  dir: string
  /** Starts the server again whenever it has ended, until the returned function is called. */
  supervise(onError: (error: unknown) => void): () => Promise<void>
  /**
   * Stops the server, unless other clients are still connected to it and nobody says to cut them off.
   * One that does not answer for three seconds is left as it is.
   */
  stop(options?: { cutOff?: boolean }): Promise<void>
}

const REMOVE_LIMIT_MS = 10_000
const STOP_LIMIT_MS = 3_000
const LOOK_EVERY_MS = 500
/** For tests: a server whose data need not survive the machine. */
const UNSAFE_FLAGS = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off']

/**
 * Starts the PostgreSQL that npm installed, with its data under `dataDir`, or attaches to it when it
 * runs already. Any number of processes may call this at once. It outlives a killed caller. Throws
 * `EmbeddedPlaceError` when the database that belongs to `dataDir` is not where it was.
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
  noteCluster(options.dataDir, dir)
  const server = { dir, bin, account, flags: options.unsafe ? UNSAFE_FLAGS : [] }
  const { pid, port } = await running(server)
  keepPort(dir, port)
  const password = fs.readFileSync(path.join(dir, 'password'), 'utf8').trim()
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`
  return {
    url,
    pid,
    dir,
    supervise: (onError) => supervise(server, port, onError),
    stop: ({ cutOff = false } = {}) => stop(url, dir, cutOff),
  }
}

/** Creates the cluster in a temporary folder and renames it, so that one of several processes wins and a kill leaves no partial cluster. */
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

/** Removes the temporary folders of processes that were killed inside `initialise`. */
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

/** Several processes may supervise one server: of those that start it again one is first, as always. */
function supervise(
  server: Server,
  port: number,
  onError: (error: unknown) => void,
): () => Promise<void> {
  const stopping = new AbortController()
  const supervising = (async () => {
    while (!stopping.signal.aborted) {
      try {
        if (!postmaster(server.dir)) await running(server, { port, signal: stopping.signal })
        boundLog(server.dir)
      } catch (error) {
        if (!stopping.signal.aborted) onError(error)
      }
      await delay(LOOK_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => {})
    }
  })()
  return () => {
    stopping.abort()
    return supervising
  }
}

async function stop(url: string, dir: string, cutOff: boolean): Promise<void> {
  const end = Date.now() + STOP_LIMIT_MS
  if (!cutOff && (await usedByOthers(url, end))) return
  const found = postmaster(dir)
  if (!found) return
  process.kill(found.pid, 'SIGINT')
  while (postmaster(dir) && (cutOff || Date.now() < end)) await delay(10)
}

/** Also true for a server that does not say so until `end`: it is left alone. */
async function usedByOthers(url: string, end: number): Promise<boolean> {
  do {
    const sql = postgres(url, { max: 1, onnotice: () => {}, connect_timeout: 1 })
    try {
      const [row] = await sql<{ others: number }[]>`
        select count(*)::int as others from pg_stat_activity
        where backend_type = 'client backend' and pid <> pg_backend_pid()`
      return row !== undefined && row.others > 0
    } catch {
      // It has ended, or starts.
      await delay(100)
    } finally {
      void sql.end({ timeout: 0 })
    }
  } while (Date.now() < end)
  return true
}
