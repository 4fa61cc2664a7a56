import { createHash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import * as fs from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { downloadDebs } from './install-debian.mjs'
import { InstallError, mustRun, run, say } from './install-run.mjs'

// Part of the cached folder's name: raise it when what is built below changes.
const RECIPE = 1

// The library files that Debian takes out of its WordPress and links to.
const DEBS = ['wordpress', 'php-getid3', 'libjs-underscore', 'libjs-cropper']

// This package ships WordPress's SQLite drop-in (GPL-2) as a zip; nothing else of it is used.
const SQLITE_PACKAGE = '@wp-playground/cli@3.1.56'
const SQLITE_SHA512 =
  'JTxl6djPEM2YRYz/w+BUoyoCvhSGHIjqMi4fMV1b8o1UPNvZatLaS7opo57UsrVElXrfdZwvi6IuyS4LswUx9Q=='

/** Where what is expensive to make is kept for all checkouts of this user. */
export function cacheFolder() {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'igny8')
}

/**
 * Debian's WordPress with the SQLite drop-in beside it, unpacked once per user.
 * Treat it as read-only: sites are hard links to its files.
 * @returns {Promise<string>} its folder
 * @throws {InstallError}
 */
export function ensureWordPressCore() {
  return buildOnce(join(cacheFolder(), `wordpress-${RECIPE}`), async (core) => {
    const work = await fs.mkdtemp(join(tmpdir(), 'igny8-wordpress-'))
    try {
      await unpackDebian(work, core)
      await unpackSqliteDropIn(work, join(core, 'wp-content/sqlite-database-integration'))
    } finally {
      await fs.rm(work, { recursive: true })
    }
  })
}

/**
 * Builds a folder once, however many processes ask for it: each builds one of its own, and the
 * first to finish gives it its name.
 * @param {string} folder
 * @param {(unfinished: string) => Promise<void>} build
 * @returns {Promise<string>} `folder`
 */
export async function buildOnce(folder, build) {
  if (existsSync(folder)) return folder
  const unfinished = `${folder}.${randomUUID()}`
  await fs.mkdir(unfinished, { recursive: true, mode: 0o700 })
  try {
    await build(unfinished)
    await fs.rename(unfinished, folder)
  } catch (error) {
    await fs.rm(unfinished, { recursive: true, force: true })
    if (!existsSync(folder)) throw error
  }
  return folder
}

/** @param {string} work @param {string} core */
async function unpackDebian(work, core) {
  const relations = (await run('apt-cache', ['depends', 'wordpress'])).output
  const themes = new Set(
    relations.match(/wordpress-theme-\w+/g) ?? ['wordpress-theme-twentytwentythree'],
  )
  const debs = [...DEBS, ...themes]
  say(`WordPress (apt-get download ${debs.join(' ')}), unpacked into ${cacheFolder()}`)
  await downloadDebs(debs, work)
  for (const file of await fs.readdir(work)) {
    if (file.endsWith('.deb')) await mustRun('dpkg', ['-x', file, 'unpacked'], { cwd: work })
  }
  const wordpress = join(work, 'unpacked/usr/share/wordpress')
  // Links to /etc, which belong to an installed package.
  for (const file of ['.htaccess', 'wp-config.php'])
    await fs.rm(join(wordpress, file), { force: true })
  const bundle = join(wordpress, 'wp-includes/certificates/ca-bundle.crt')
  await fs.rm(bundle, { force: true })
  await fs.symlink('/etc/ssl/certs/ca-certificates.crt', bundle)
  await mustRun('cp', ['-aL', `${wordpress}/.`, core])
}

/** @param {string} work @param {string} folder */
async function unpackSqliteDropIn(work, folder) {
  await mustRun('npm', ['pack', '--silent', SQLITE_PACKAGE], { cwd: work })
  const archive = (await fs.readdir(work)).find((file) => file.endsWith('.tgz')) ?? ''
  const sum = createHash('sha512')
    .update(await fs.readFile(join(work, archive)))
    .digest('base64')
  if (sum !== SQLITE_SHA512) throw new InstallError(`${SQLITE_PACKAGE} is not what it was: ${sum}`)
  const zip = 'package/sqlite-database-integration.zip'
  await mustRun('tar', ['xzf', archive, zip], { cwd: work })
  // PHP's own archive reader, so that no unzip is needed.
  const unzip = '(new PharData($argv[1]))->extractTo($argv[2]);'
  await mustRun('php', ['-r', unzip, join(work, zip), join(work, 'sqlite')])
  const [plugin = ''] = await fs.readdir(join(work, 'sqlite'))
  await mustRun('cp', ['-a', join(work, 'sqlite', basename(plugin)), folder])
  await allowOldWordPress(folder)
}

/** The drop-in asks for WordPress 6.4; a property that 6.1 declares protected is all it clashes on. */
async function allowOldWordPress(/** @type {string} */ folder) {
  const file = join(folder, 'wp-includes/sqlite/class-wp-sqlite-db.php')
  const property = '$allow_unsafe_unquoted_parameters'
  const source = await fs.readFile(file, 'utf8')
  await fs.writeFile(file, source.replace(`private ${property}`, `protected ${property}`))
}
