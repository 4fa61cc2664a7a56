import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { failure, InstallError, run, say } from './run.mjs'

// Unversioned: PHP 8.2 on Debian 12, the release's own elsewhere.
const PHP_PACKAGES = ['cli', 'sqlite3', 'gd', 'mbstring', 'xml', 'curl'].map((it) => `php-${it}`)
const PHP_EXTENSIONS = ['pdo_sqlite', 'gd', 'mbstring', 'dom', 'curl', 'Phar']
const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

const LOCK_SECONDS = 600
const APT = ['-qq', '-o', `DPkg::Lock::Timeout=${LOCK_SECONDS}`, '-o', 'APT::Sandbox::User=root']
const isRoot = process.getuid?.() === 0

/**
 * Waits its turn for apt's lists too: DPkg::Lock::Timeout is about packages alone.
 * @param {string[]} args
 * @param {{ cwd?: string }} [options]
 */
async function apt(args, options) {
  const env = { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' }
  const deadline = Date.now() + LOCK_SECONDS * 1000
  for (;;) {
    const answer = await run('apt-get', [...APT, ...args], { ...options, env })
    const isLocked = !answer.ok && /Could not get lock|Unable to lock/.test(answer.output)
    if (!isLocked || Date.now() > deadline) return answer
    await pause(1000)
  }
}

/**
 * @param {string[]} args
 * @param {{ cwd?: string }} [options]
 * @throws {InstallError}
 */
async function mustApt(args, options) {
  const { ok, output } = await apt(args, options)
  if (!ok) throw failure(['apt-get', ...args], output)
}

/** The PHP that WordPress runs on. @throws {InstallError} */
export async function ensurePhp() {
  const check = `foreach(${JSON.stringify(PHP_EXTENSIONS)} as $e) if (!extension_loaded($e)) exit(1);`
  const isThere = async () => (await run('php', ['-r', check])).ok
  await ensurePackages('PHP', PHP_PACKAGES, isThere)
}

/** The database that most sites have, without the service that Debian makes of it. @throws {InstallError} */
export async function ensureMariaDb() {
  const packages = ['mariadb-server-core', 'mariadb-client-core', 'php-mysql']
  const isThere = async () =>
    existsSync('/usr/sbin/mariadbd') &&
    (await run('php', ['-r', "exit(extension_loaded('mysqli') ? 0 : 1);"])).ok
  await ensurePackages('MariaDB', packages, isThere)
}

/** A pooler that igny8 refuses to start behind. @throws {InstallError} */
export async function ensurePgBouncer() {
  await ensurePackages('PgBouncer', ['pgbouncer'], async () => existsSync('/usr/sbin/pgbouncer'))
}

/** What runs the bridge plugin's tests. @throws {InstallError} */
export async function ensurePhpUnit() {
  const isThere = async () => (await run('phpunit', ['--version'])).ok
  await ensurePackages('PHPUnit', ['phpunit'], isThere)
}

/** What checks the plugin's coding standard. @throws {InstallError} */
export async function ensurePhpCodeSniffer() {
  const isThere = async () => (await run('phpcs', ['--version'])).ok
  await ensurePackages('PHP_CodeSniffer', ['php-codesniffer'], isThere)
}

/** The browser that the tests open pages with. @throws {InstallError} */
export async function ensureChromium() {
  await ensurePackages('Chromium', ['chromium'], async () => BROWSERS.some(existsSync))
}

/**
 * @param {string} what
 * @param {string[]} packages
 * @param {() => Promise<boolean>} isThere
 */
async function ensurePackages(what, packages, isThere) {
  if (await isThere()) return
  const command = ['install', '-y', '--no-install-recommends', ...packages]
  if (!isRoot) {
    throw new InstallError(
      `${what} is missing and only root can install it: run \`sudo apt-get ${command.join(' ')}\` and try again.`,
    )
  }
  say(`${what} (apt-get install ${packages.join(' ')})`)
  if (!(await apt(command)).ok) {
    await mustApt(['update'])
    await mustApt(command)
  }
  if (!(await isThere())) throw new InstallError(`${what} still does not work after its install.`)
}

/**
 * Downloads Debian packages without installing them, which an ordinary user may do too.
 * @param {string[]} packages
 * @param {string} folder where the .deb files go
 * @throws {InstallError}
 */
export async function downloadDebs(packages, folder) {
  const download = ['download', ...packages]
  if ((await apt(download, { cwd: folder })).ok) return
  const own = isRoot ? [] : await ownLists(folder)
  await mustApt([...own, 'update'])
  await mustApt([...own, ...download], { cwd: folder })
}

/** Lists of packages in a folder of our own: only root may refresh those of the machine. */
async function ownLists(/** @type {string} */ folder) {
  await mkdir(join(folder, 'lists/partial'), { recursive: true })
  await mkdir(join(folder, 'cache/archives/partial'), { recursive: true })
  const settings = [`Dir::State::Lists=${folder}/lists`, `Dir::Cache=${folder}/cache`]
  return settings.flatMap((setting) => ['-o', setting])
}
