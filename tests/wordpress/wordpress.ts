import * as fs from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SQLInputValue } from 'node:sqlite'
import { startDatabase } from './wordpress-database.ts'
import { logged, type ProcessGroup, startGroup } from './wordpress-process.ts'
import {
  type Credentials,
  type Kind,
  layOutSite,
  router,
  runPhp,
  type Site,
  USUAL,
} from './wordpress-site.ts'

export interface WordPressOptions extends Partial<Kind> {
  /** A free one by default. */
  port?: number
  /** The address WordPress believes it has, when a proxy stands in front of it. */
  publicUrl?: string
  /** Kept after `stop`, and used again if it holds a site. By default a folder that is removed. */
  dir?: string
  /** Installs WordPress below the root of its host, as in `/blog`. */
  path?: string
  /** Must-use plugins: PHP files with their opening tag. */
  muPlugins?: MuPlugin[]
  /** How many requests are served at once: 4 by default. */
  workers?: number
}

interface MuPlugin {
  name: string
  php: string
}

export interface WordPress extends Credentials {
  /** `http://127.0.0.1:PORT`, with the path if there is one and no slash at the end. */
  url: string
  dir: string
  /** WordPress's own folder: the one of wp-load.php. */
  root: string
  /** The leader of the group of PHP processes. */
  readonly pid: number
  /** Rows of WordPress's own database, such as `select * from wp_posts where post_type = ?`. */
  query(sql: string, ...parameters: SQLInputValue[]): Record<string, unknown>[]
  /** Runs PHP without its opening tag, with WordPress loaded, and answers what it printed. */
  php(code: string): Promise<string>
  addUser(login: string, role: string): Promise<Credentials>
  setOption(name: string, value: unknown): Promise<void>
  setPublicUrl(url: string): Promise<void>
  addMuPlugin(plugin: MuPlugin): Promise<void>
  removeMuPlugin(name: string): Promise<void>
  stop(): Promise<void>
  /** Stops it and serves it again at the same address. */
  restart(): Promise<void>
}

/**
 * Starts a real WordPress: installed, with pretty permalinks, on `php -S`; Debian's over SQLite, by default.
 * It ends with the process that started it.
 * @throws when it does not answer at `/wp-json/`, with the end of PHP's log
 */
export async function startWordPress(options: WordPressOptions = {}): Promise<WordPress> {
  const dir = options.dir ?? (await fs.mkdtemp(join(tmpdir(), 'igny8-site-')))
  const { version = USUAL.version, database: kind = USUAL.database } = options
  const site = await layOutSite(dir, options.path ?? '', { version, database: kind })
  const database = await startDatabase(dir, site.database)
  for (const plugin of options.muPlugins ?? []) await addMuPlugin(site, plugin)
  const serveOnce = (port: number) => serve(site, port, options)
  let { port, group } = await serveOnFreePort(options.port, serveOnce)
  const setPublicUrl = (home: string) => writeAtomically(join(dir, 'home'), home)
  const stopServer = () => group.stop('SIGINT', 1_000)
  return {
    ...site,
    url: `http://127.0.0.1:${port}${site.path}`,
    root: root(site),
    get pid() {
      return group.pid
    },
    query: (sql, ...parameters) => database.query(sql, parameters),
    php: (code) => runPhp(site, code),
    addUser: (login, role) => addUser(site, login, role),
    setOption: (name, value) => setOption(site, name, value),
    setPublicUrl,
    addMuPlugin: (plugin) => addMuPlugin(site, plugin),
    removeMuPlugin: (name) => fs.rm(muPluginFile(site, name)),
    async stop() {
      await stopServer()
      await database.stop()
      if (options.dir === undefined) await fs.rm(dir, { recursive: true, force: true })
    },
    async restart() {
      await stopServer()
      group = await serveOnce(port)
    },
  }
}

const root = (site: Site) => join(site.dir, 'site', site.path)
const muPluginFile = (site: Site, name: string) =>
  join(root(site), 'wp-content/mu-plugins', `${name}.php`)

function addMuPlugin(site: Site, { name, php }: MuPlugin): Promise<void> {
  return writeAtomically(muPluginFile(site, name), php)
}

/** PHP's workers read these files while they are replaced. */
async function writeAtomically(file: string, text: string): Promise<void> {
  await fs.writeFile(`${file}.new`, text)
  await fs.rename(`${file}.new`, file)
}

async function addUser(site: Site, login: string, role: string): Promise<Credentials> {
  const user = `['user_login' => $login, 'user_pass' => $password, 'role' => $role,
    'user_email' => "$login@example.test"]`
  return JSON.parse(
    await runPhp(
      site,
      `[$login, $role] = ${phpValue([login, role])};
      $password = wp_generate_password(24, false);
      $id = wp_insert_user(${user});
      if (is_wp_error($id)) throw new Exception($id->get_error_message());
      $name = ['name' => 'igny8'];
      [$app] = WP_Application_Passwords::create_new_application_password($id, $name);
      echo wp_json_encode(['user' => $login, 'password' => $password, 'appPassword' => $app]);`,
    ),
  )
}

async function setOption(site: Site, name: string, value: unknown): Promise<void> {
  await runPhp(site, `update_option(...${phpValue([name, value])});`)
}

/** A value as PHP that makes it, with no character that PHP would act on. */
function phpValue(value: unknown): string {
  const encoded = Buffer.from(JSON.stringify(value)).toString('base64')
  return `json_decode(base64_decode('${encoded}'), true)`
}

async function serveOnFreePort(
  wanted: number | undefined,
  serveOnce: (port: number) => Promise<ProcessGroup>,
): Promise<{ port: number; group: ProcessGroup }> {
  for (let attempt = 1; ; attempt++) {
    const port = wanted ?? (await freePort())
    try {
      return { port, group: await serveOnce(port) }
    } catch (error) {
      // Another process may have taken the free port in the meantime.
      if (wanted !== undefined || attempt === 5) throw error
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}

async function serve(site: Site, port: number, options: WordPressOptions): Promise<ProcessGroup> {
  const url = `http://127.0.0.1:${port}${site.path}`
  await writeAtomically(join(site.dir, 'home'), options.publicUrl ?? url)
  const log = join(site.dir, 'php-server.log')
  const settings = {
    'opcache.enable_cli': 1,
    'opcache.revalidate_freq': 0,
    upload_max_filesize: '32M',
    post_max_size: '40M',
    memory_limit: '256M',
    error_log: join(site.dir, 'php-error.log'),
  }
  const set = Object.entries(settings).flatMap(([name, value]) => ['-d', `${name}=${value}`])
  const group = startGroup(
    'php',
    [...set, '-S', `127.0.0.1:${port}`, '-t', join(site.dir, 'site'), router],
    { log, env: { PHP_CLI_SERVER_WORKERS: `${options.workers ?? 4}`, IGNY8_SITE_PATH: site.path } },
  )
  try {
    await answering(group, log, `${url}/wp-json/`)
  } catch (error) {
    await group.stop('SIGKILL', 0)
    throw error
  }
  return group
}

/** Waits until this very server listens, then asks it once. */
async function answering(group: ProcessGroup, log: string, restRoot: string): Promise<void> {
  await logged(group, log, /Development Server .* started/, 30_000)
  const answer = await fetch(restRoot, { headers: { connection: 'close' } })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${restRoot} answers ${answer.status}:\n${text.slice(0, 2_000)}`)
}
