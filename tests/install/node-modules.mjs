import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { InstallError, mustRun, say } from './run.mjs'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const OLDEST_NODE = [22, 19]

/**
 * Installs the npm packages when they are missing or are not those of the lockfile.
 * @throws {InstallError} when npm fails, or when no Node that runs TypeScript is there afterwards
 */
export async function ensureNodeModules() {
  if (isUpToDate()) return
  say('npm packages (npm ci)')
  // The Node that runs npm, not process.execPath: that one may lie in the folder npm ci deletes.
  const node = process.env.npm_node_execpath
  const cli = process.env.npm_execpath
  const [program, args] = node && cli ? [node, [cli]] : ['npm', []]
  const flags = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund']
  await mustRun(program, [...args, ...flags], { cwd: root })
  if (!isUpToDate()) {
    throw new InstallError(
      `igny8 needs Node ${OLDEST_NODE.join('.')} or newer, and npm has none for this machine; ` +
        'install one from https://nodejs.org/ and try again.',
    )
  }
}

function isUpToDate() {
  const installed = lockedPackages(join(root, 'node_modules/.package-lock.json'))
  if (!installed) return false
  const wanted = Object.entries(lockedPackages(join(root, 'package-lock.json')) ?? {})
  const same = wanted.every(([path, { version, optional }]) => {
    if (path === '') return true
    return installed[path] ? installed[path].version === version : optional === true
  })
  return same && (existsSync(join(root, 'node_modules/.bin/node')) || isNewEnough())
}

/** npm writes the second of these two files last, so that a broken-off `npm ci` leaves none. */
function lockedPackages(/** @type {string} */ path) {
  if (!existsSync(path)) return undefined
  return JSON.parse(readFileSync(path, 'utf8')).packages
}

function isNewEnough() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const [oldestMajor, oldestMinor] = OLDEST_NODE
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)
}
