import { createHash } from 'node:crypto'
import * as fs from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { mustRun, say } from './run.mjs'
import { buildOnce, cacheFolder } from './wordpress.mjs'

const RECIPE = join(dirname(dirname(fileURLToPath(import.meta.url))), 'php')
const FILES = ['package.json', 'package-lock.json']

/**
 * PHP 7.4 and 8.4 as WebAssembly, as `php/` locks them, installed once per user: 40 MB to download.
 * @returns {Promise<string>} a folder with their `node_modules`
 * @throws {import('./run.mjs').InstallError}
 */
export async function ensureOtherPhps() {
  const lock = createHash('sha256').update(await fs.readFile(join(RECIPE, 'package-lock.json')))
  const name = `php-${lock.digest('hex').slice(0, 12)}`
  return buildOnce(join(cacheFolder(), name), async (folder) => {
    say(`PHP 7.4 and 8.4 for the plugin's tests (npm ci in ${folder})`)
    for (const file of FILES) await fs.copyFile(join(RECIPE, file), join(folder, file))
    await mustRun('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder })
  })
}
