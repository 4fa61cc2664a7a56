import { openDatabase } from '../../db/database.ts'
import { startEmbedded } from '../../db/embedded/start-embedded.ts'
import { WORKER_LIMITS } from '../../db/limits.ts'
import { ForeignMigrationsError, migrate } from '../../db/migrate.ts'
import { Pool } from '../../db/pool.ts'
import { ConfigError, readConfig } from '../config.ts'
import { DomainError } from '../errors.ts'
import { setStaff } from './set-staff.ts'

const USAGE = 'npm run staff -- add|remove <email address>'

/** Adds and removes platform staff. It needs access to the database. */
async function main([verb, email]: string[]): Promise<string> {
  if (!email || (verb !== 'add' && verb !== 'remove')) throw new ConfigError(USAGE)
  const config = readConfig(process.env)
  const embedded = config.databaseUrl ? undefined : await startEmbedded({ dataDir: config.dataDir })
  const url = config.databaseUrl ?? embedded!.url
  try {
    await migrate(url)
    const database = openDatabase(new Pool(url, { size: 1 }), WORKER_LIMITS)
    await setStaff(database, email, verb === 'add').finally(() => database.close())
  } finally {
    await embedded?.stop()
  }
  return `${email} is ${verb === 'add' ? 'now' : 'no longer'} platform staff and must sign in again.`
}

try {
  console.log(await main(process.argv.slice(2)))
} catch (error) {
  if (
    !(
      error instanceof ConfigError ||
      error instanceof DomainError ||
      error instanceof ForeignMigrationsError
    )
  ) {
    throw error
  }
  console.error(error.message)
  process.exitCode = 1
}
