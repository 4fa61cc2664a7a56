import fs from 'node:fs'
import path from 'node:path'
import type { Database } from '../../db/database.ts'
import { users } from '../../db/schema/accounts.ts'
import { type Config, ConfigError } from '../config.ts'

/** The keys of the settings, or those in the data folder, newest first. */
export async function secretKeysOf(config: Config, database: Database): Promise<string[]> {
  if (config.secretKeys.length > 0) return config.secretKeys
  return keptSecretKeys(config.dataDir, async () => {
    const found = await database.withPlatform('register', (tx) =>
      tx.select({ id: users.id }).from(users).limit(1),
    )
    return found.length > 0
  })
}

/**
 * The keys in the data folder, newest first, generated at the first start. The file is linked into place
 * atomically, so that processes which start together read the same keys. Throws `ConfigError` if the file
 * is missing but the database has users: new keys could not decrypt its secrets.
 */
async function keptSecretKeys(
  dataDir: string,
  hasUsers: () => Promise<boolean>,
): Promise<string[]> {
  const file = path.join(dataDir, 'secret_keys')
  fs.mkdirSync(dataDir, { recursive: true, mode: 0o755 })
  if (!fs.existsSync(file)) {
    if (await hasUsers()) {
      throw new ConfigError(
        `IGNY8_SECRET_KEYS: ${file} is missing. It has the keys that encrypt the secrets of this database. ` +
          'Restore it, or set IGNY8_SECRET_KEYS to the keys that were used.',
      )
    }
    const temporary = `${file}.${process.pid}`
    const key = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url')
    fs.writeFileSync(temporary, `${key}\n`, { mode: 0o600, flush: true })
    try {
      fs.linkSync(temporary, file)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    fs.rmSync(temporary)
  }
  try {
    return fs.readFileSync(file, 'utf8').split('\n').filter(Boolean)
  } catch (error) {
    throw new ConfigError(`IGNY8_SECRET_KEYS: ${file} cannot be read: ${(error as Error).message}`)
  }
}
