import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { InstallError, mustRun, run, say } from './install-run.mjs'

// Unversioned: PHP 8.2 on Debian 12, the release's own elsewhere.
const PHP_PACKAGES = ['cli', 'sqlite3', 'gd', 'mbstring', 'xml', 'curl'].map((it) => `php-${it}`)
const PHP_EXTENSIONS = ['pdo_sqlite', 'gd', 'mbstring', 'dom', 'curl', 'Phar']
const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

const APT = ['-qq', '-o', 'DPkg::Lock::Timeout=600', '-o', 'APT::Sandbox::User=root']
const isRoot = process.getuid?.() === 0

/** The PHP that WordPress runs on. @throws {InstallError} */
export async function ensurePhp() {
  const check = `foreach(${JSON.stringify(PHP_EXTENSIONS)} as $e) if (!extension_loaded($e)) exit(1);`
  const isThere = async () => (await run('php', ['-r', check])).ok
  await ensurePackages('PHP', PHP_PACKAGES, isThere)
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
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  if (!(await run('apt-get', [...APT, ...command], { env })).ok) {
    await mustRun('apt-get', [...APT, 'update'])
    await mustRun('apt-get', [...APT, ...command], { env })
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
  if ((await run('apt-get', [...APT, ...download], { cwd: folder })).ok) return
  const own = isRoot ? [] : await ownLists(folder)
  await mustRun('apt-get', [...APT, ...own, 'update'])
  await mustRun('apt-get', [...APT, ...own, ...download], { cwd: folder })
}

/** Lists of packages in a folder of our own: only root may refresh those of the machine. */
async function ownLists(/** @type {string} */ folder) {
  await mkdir(join(folder, 'lists/partial'), { recursive: true })
  await mkdir(join(folder, 'cache/archives/partial'), { recursive: true })
  const settings = [`Dir::State::Lists=${folder}/lists`, `Dir::Cache=${folder}/cache`]
  return settings.flatMap((setting) => ['-o', setting])
}
