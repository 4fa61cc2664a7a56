import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import * as fs from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { promisify } from 'node:util'
import { buildOnce, cacheFolder, ensureWordPressCore } from '../install/wordpress.mjs'
import { createMariaDb, type DatabaseKind, startDatabase } from './wordpress-database.ts'

const ours = (name: string) => join(import.meta.dirname, `wordpress-${name}.php`)
export const router = ours('router')

export interface Credentials {
  user: string
  password: string
  appPassword: string
}

/** Which WordPress, over what. */
export interface Kind {
  /** `6.1` is Debian's own, which later releases have newer. */
  version: '6.1' | '6.5'
  database: DatabaseKind
}

export const USUAL: Kind = { version: '6.1', database: 'sqlite' }

/** A WordPress's folder: `site/` is served, with WordPress itself in `site{path}/`. */
export interface Site extends Credentials {
  dir: string
  /** Where WordPress lies below the root of its host: '' or '/blog'. */
  path: string
  database: DatabaseKind
}

/**
 * Lays out an installed WordPress in `dir`, from a template that is installed once per user.
 * One that is there already is kept as it is.
 */
export async function layOutSite(dir: string, path: string, kind = USUAL): Promise<Site> {
  const record = join(dir, 'site.json')
  if (existsSync(record)) return { ...JSON.parse(readFileSync(record, 'utf8')), dir }
  const template = await installedTemplate(kind)
  await layOutFiles(dir, path, kind)
  await fs.cp(join(template, 'db'), join(dir, 'db'), { recursive: true })
  const credentials: Credentials = JSON.parse(
    readFileSync(join(template, 'credentials.json'), 'utf8'),
  )
  const site = { ...credentials, dir, path, database: kind.database }
  await fs.writeFile(record, JSON.stringify(site), { mode: 0o600 })
  return site
}

async function layOutFiles(dir: string, path: string, kind: Kind): Promise<void> {
  const core = await ensureWordPressCore(kind.version)
  const root = join(dir, 'site', path)
  for (const folder of [join(dir, 'db'), dirname(root)]) await fs.mkdir(folder, { recursive: true })
  await linkOrCopy(core, root)
  const content = join(root, 'wp-content')
  for (const folder of ['uploads', 'mu-plugins']) await fs.mkdir(join(content, folder))
  if (kind.database === 'sqlite') await dropSqliteIn(content)
  const config = await fs.readFile(ours('config'), 'utf8')
  await fs.writeFile(join(root, 'wp-config.php'), config.replaceAll('{SITE_FOLDER}', dir))
  await fs.copyFile(ours('offline'), join(content, 'mu-plugins/offline.php'))
  await fs.writeFile(join(dir, 'home'), 'http://127.0.0.1')
}

async function dropSqliteIn(content: string): Promise<void> {
  const dropIn = join(content, 'sqlite-database-integration')
  const db = await fs.readFile(join(dropIn, 'db.copy'), 'utf8')
  const implementation = db.replaceAll('{SQLITE_IMPLEMENTATION_FOLDER_PATH}', dropIn)
  await fs.writeFile(join(content, 'db.php'), implementation)
}

/** Hard links take a tenth of a second and no room; between two file systems there are none. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  const run = promisify(execFile)
  try {
    await run('cp', ['-al', from, to])
  } catch {
    await fs.rm(to, { recursive: true, force: true })
    await run('cp', ['-a', from, to])
  }
}

/** A database as the installer leaves it in `db/`, and the credentials in it. */
function installedTemplate(kind: Kind): Promise<string> {
  const names = ['setup', 'config', 'offline', 'run'].map(ours)
  const sources = [...names, join(import.meta.dirname, 'wordpress-database.ts')].map((file) =>
    readFileSync(file),
  )
  const recipe = createHash('sha256').update(Buffer.concat(sources)).digest('hex').slice(0, 12)
  const name = `wordpress-site-${kind.version}-${kind.database}-${recipe}`
  return buildOnce(join(cacheFolder(), name), async (folder) => {
    // Not in the folder itself: the path of a socket may have no more than 107 characters.
    const dir = await fs.mkdtemp(join(tmpdir(), 'igny8-template-'))
    await layOutFiles(dir, '', kind)
    await fs.writeFile(join(folder, 'credentials.json'), await install(dir, kind), { mode: 0o600 })
    await fs.cp(join(dir, 'db'), join(folder, 'db'), { recursive: true })
    await fs.rm(dir, { recursive: true })
  })
}

/** Installs WordPress, stops its database, and answers the credentials as JSON. */
async function install(dir: string, { database: kind }: Kind): Promise<string> {
  if (kind === 'mariadb') await createMariaDb(dir)
  const database = await startDatabase(dir, kind)
  const setup = await fs.readFile(ours('setup'), 'utf8')
  const credentials = await runPhp({ dir, path: '' }, setup, { WP_INSTALLING: '1' })
  await database.stop()
  if (kind === 'sqlite') foldIn(join(dir, 'db/wp.sqlite'))
  return credentials
}

/** Writes the write-ahead log into the file itself, which can then be copied alone. */
function foldIn(file: string): void {
  const database = new DatabaseSync(file)
  database.exec('pragma wal_checkpoint(truncate)')
  database.close()
}

/**
 * Runs PHP (without its opening tag) with WordPress loaded.
 * @returns what it printed
 * @throws with PHP's own message when it throws
 */
export async function runPhp(
  site: Pick<Site, 'dir' | 'path'>,
  code: string,
  env: Record<string, string> = {},
): Promise<string> {
  const settings = ['-d', 'display_errors=stderr', '-d', `error_log=${site.dir}/php-error.log`]
  const args = [...settings, ours('run'), join(site.dir, 'site', site.path)]
  const running = promisify(execFile)('php', args, {
    env: { ...process.env, ...env },
    maxBuffer: 64 * 1024 * 1024,
  })
  running.child.stdin?.end(code)
  return (await running).stdout
}
