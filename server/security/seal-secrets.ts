import path from 'node:path'
import { parseArgs } from 'node:util'
import { sql } from 'drizzle-orm'
import { type Database, openDatabase } from '../../db/database.ts'
import { DataFolderError } from '../../db/embedded/data-folder.ts'
import { startEmbedded } from '../../db/embedded/start-embedded.ts'
import { WORKER_LIMITS } from '../../db/limits.ts'
import { ForeignMigrationsError, migrate } from '../../db/migrate.ts'
import { Pool } from '../../db/pool.ts'
import { ConfigError, readConfig } from '../config.ts'
import { secretKeysOf } from './kept-secret-keys.ts'
import {
  openSecrets,
  SEALED_COLUMNS,
  type SealedColumn,
  type SecretContext,
  type Secrets,
  SecretUnreadableError,
} from './secrets.ts'

const HELP = `Seals every stored secret with the newest key, so that older keys can be dropped.

  npm run seal-secrets

To change the key: put a new one in front of IGNY8_SECRET_KEYS (without that setting: as the first line of
secret_keys in the data folder) and restart every process of igny8; run this under the same settings,
while igny8 runs or not; then remove the older keys and restart again. It may be stopped at any moment
and run again. It fails when a secret was sealed with a key that it was not given, and names the secret.
`
const BATCH = 200

type Sealed = { account_id: string; id: string; blob: string }
type Counts = { sealed: number; unreadable: string[] }

/** Re-encrypts a column's secrets that older keys sealed, in batches. Skips rows that change meanwhile: they already use the newest key. */
async function sealColumn(
  database: Database,
  secrets: Secrets,
  place: SealedColumn,
): Promise<Counts> {
  const [table, column] = [sql.identifier(place.table), sql.identifier(place.column)]
  const counts: Counts = { sealed: 0, unreadable: [] }
  let after = { account_id: '0', id: '0' }
  for (;;) {
    const rows = await database.withPlatform('seal_secrets', (tx) =>
      tx.execute<Sealed>(sql`select account_id, id, ${column} as blob from ${table}
        where ${column} is not null and not starts_with(${column}, ${secrets.newest})
          and (account_id, id) > (${after.account_id}::bigint, ${after.id}::bigint)
        order by account_id, id limit ${BATCH}`),
    )
    const last = rows.at(-1)
    if (!last) return counts
    for (const row of rows) {
      const at: SecretContext = {
        ...place,
        accountId: Number(row.account_id),
        rowId: Number(row.id),
      }
      const blob = await sealedAgain(secrets, at, row.blob)
      if (blob === undefined) {
        counts.unreadable.push(
          `${place.table}.${place.column} of account ${row.account_id}, id ${row.id}`,
        )
        continue
      }
      const changed = await database.withPlatform('seal_secrets', (tx) =>
        tx.execute(sql`update ${table} set ${column} = ${blob}
          where account_id = ${row.account_id}::bigint and id = ${row.id}::bigint
            and ${column} = ${row.blob} returning id`),
      )
      counts.sealed += changed.length
    }
    after = last
  }
}

async function sealedAgain(
  secrets: Secrets,
  place: SecretContext,
  blob: string,
): Promise<string | undefined> {
  try {
    return await secrets.seal(place, await secrets.open(place, blob))
  } catch (error) {
    if (error instanceof SecretUnreadableError) return undefined
    throw error
  }
}

/** Returns whether every secret is now sealed with the newest key. */
async function main(): Promise<boolean> {
  const config = readConfig(process.env)
  const embedded = config.databaseUrl
    ? undefined
    : await startEmbedded({ dataDir: path.resolve(config.dataDir) })
  const url = config.databaseUrl ?? embedded!.url
  try {
    await migrate(url)
    const database = openDatabase(new Pool(url, { size: 1 }), WORKER_LIMITS)
    try {
      const secrets = await openSecrets(await secretKeysOf(config, database))
      const unreadable: string[] = []
      for (const place of SEALED_COLUMNS) {
        const counts = await sealColumn(database, secrets, place)
        console.log(`${place.table}.${place.column}: ${counts.sealed} sealed with the newest key`)
        unreadable.push(...counts.unreadable)
      }
      for (const which of unreadable) console.error(`No given key decrypts ${which}`)
      return unreadable.length === 0
    } finally {
      await database.close()
    }
  } finally {
    await embedded?.stop()
  }
}

try {
  const { values } = parseArgs({ options: { help: { type: 'boolean', default: false } } })
  if (values.help) {
    process.stdout.write(HELP)
  } else if (await main()) {
    console.log('Every secret is sealed with the newest key. You can remove the older keys.')
  } else {
    console.error(
      'Keep the older keys, or add the missing one, until these secrets have been entered again.',
    )
    process.exitCode = 1
  }
} catch (error) {
  if (
    !(
      error instanceof ConfigError ||
      error instanceof DataFolderError ||
      error instanceof ForeignMigrationsError
    )
  ) {
    throw error
  }
  console.error(error.message)
  process.exitCode = 1
}
