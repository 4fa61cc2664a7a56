import { execFile, execFileSync } from 'node:child_process'
import * as fs from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { promisify } from 'node:util'
import { logged, startGroup } from './wordpress-process.ts'

export type DatabaseKind = 'sqlite' | 'mariadb'
type Row = Record<string, unknown>

/** The database of a site, apart from WordPress. */
export interface SiteDatabase {
  query(sql: string, parameters: SQLInputValue[]): Row[]
  stop(): Promise<void>
}

/** Starts the server that the site in `dir` keeps its data with, where it needs one: see `db/`. */
export async function startDatabase(dir: string, kind: DatabaseKind): Promise<SiteDatabase> {
  if (kind === 'mariadb') return startMariaDb(dir)
  return {
    query: (sql, parameters) => querySqlite(join(dir, 'db/wp.sqlite'), sql, parameters),
    stop: async () => {},
  }
}

/** Makes MariaDB's own tables in `dir`. */
export async function createMariaDb(dir: string): Promise<void> {
  const settings = ['--auth-root-authentication-method=normal', '--skip-test-db']
  const args = ['--no-defaults', ...asRoot(), `--datadir=${dir}/db`, ...settings]
  await promisify(execFile)('mariadb-install-db', args)
  await fs.writeFile(join(dir, 'db/init.sql'), 'create database if not exists wordpress;\n')
}

/** On a socket alone; nothing of it has to outlive the machine. */
async function startMariaDb(dir: string): Promise<SiteDatabase> {
  const log = join(dir, 'mariadb.log')
  const socket = join(dir, 'mariadb.sock')
  const settings = [
    `--datadir=${dir}/db`,
    `--init-file=${dir}/db/init.sql`,
    `--socket=${socket}`,
    `--pid-file=${dir}/mariadb.pid`,
    '--skip-networking',
    '--skip-log-bin',
    '--performance-schema=0',
    '--character-set-server=utf8mb4',
    '--innodb-flush-log-at-trx-commit=0',
    '--innodb-buffer-pool-size=32M',
    '--innodb-log-file-size=8M',
  ]
  const server = startGroup('/usr/sbin/mariadbd', ['--no-defaults', ...asRoot(), ...settings], {
    log,
  })
  try {
    await logged(server, log, /ready for connections/, 60_000)
  } catch (error) {
    await server.stop('SIGKILL', 0)
    throw error
  }
  return {
    query: (sql, parameters) => queryMariaDb(socket, sql, parameters),
    async stop() {
      await server.stop('SIGTERM', 30_000)
    },
  }
}

/** MariaDB refuses to run as root unless it is told to. */
const asRoot = () => (process.getuid?.() === 0 ? ['--user=root'] : [])

function querySqlite(file: string, sql: string, parameters: SQLInputValue[]): Row[] {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 10_000 })
  try {
    return database
      .prepare(sql)
      .all(...parameters)
      .map((row) => ({ ...row }))
  } finally {
    database.close()
  }
}

/** By PHP, whose MariaDB client is there anyway. */
function queryMariaDb(socket: string, sql: string, parameters: SQLInputValue[]): Row[] {
  const input = JSON.stringify({ sql, parameters })
  const script = join(import.meta.dirname, 'wordpress-query.php')
  const printed = execFileSync('php', [script, socket], { input, maxBuffer: 64 * 1024 * 1024 })
  return JSON.parse(printed.toString())
}
