import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { hash, verify } from '@node-rs/argon2'
import { pino } from 'pino'
import { type Database, openDatabase } from '../db/database.ts'
import { DataFolderError } from '../db/embedded/data-folder.ts'
import { startEmbedded } from '../db/embedded/start-embedded.ts'
import { REQUEST_LIMITS, WORKER_LIMITS } from '../db/limits.ts'
import { ForeignMigrationsError, migrate } from '../db/migrate.ts'
import { Pool } from '../db/pool.ts'
import type { Session } from '../db/session.ts'
import { sharesSessions } from '../db/shares-sessions.ts'
import { startWorker } from '../jobs/worker.ts'
import { SETTLE_MS } from '../wp-bridge/client/publish/retry-policy.ts'
import { checkDefaultPlan } from './accounts/check-plan.ts'
import { openProviders } from './ai/account-provider.ts'
import { createApp } from './app.ts'
import { type Config, ConfigError, readConfig } from './config.ts'
import type { Deps, Passwords } from './deps.ts'
import { createEgress } from './egress/egress.ts'
import { GOOGLE_URLS, type GoogleUrls } from './google/google-urls.ts'
import { clientAddress } from './http/client-address.ts'
import { docsAsset } from './http/docs-asset.ts'
import { closeServer, listen } from './http/listen.ts'
import { boundedPasswords } from './identity/bounded-passwords.ts'
import { openTokens } from './identity/tokens.ts'
import { diskMedia } from './media/disk.ts'
import { s3Media } from './media/s3.ts'
import { type Logger, SECRET_FIELDS } from './observability/logger.ts'
import { type NodeMetrics, openMetrics } from './observability/node-metrics.ts'
import { watchDatabase, withoutAbsence } from './observability/watch-database.ts'
import { pluginZip } from './publishing/plugin-zip.ts'
import { type Boss, startBoss } from './runs/boss.ts'
import { contracts } from './runs/job-contracts.ts'
import { listenToRuns } from './runs/run-events.ts'
import { secretKeysOf } from './security/kept-secret-keys.ts'
import { openSecrets, type Secrets } from './security/secrets.ts'

/** Limit of the whole drain. What still runs then, for example because the database hangs, is recovered at the next start. */
const STOP_LIMIT_MS = 28_000
/** How long a start that is told to stop may still take: it has no requests to finish. */
const START_PATIENCE_MS = 5_000

export type Service = {
  /** Undefined if the role is `worker`. */
  url: string | undefined
  databaseUrl: string
  database: Database
  /** Waits for running requests and steps, then stops everything. */
  stop(): Promise<void>
}

/** What tests replace. */
export type Overrides = {
  settleMs?: number
  logger?: Logger
  googleUrls?: GoogleUrls
  passwords?: Passwords
  /** Connections for requests and steps. */
  poolSize?: number
}

/** Starts the API, the workers or both, with an embedded or an external database. */
export async function startService(config: Config, overrides: Overrides = {}): Promise<Service> {
  const ownLogger = overrides.logger ?? openLogger()
  const logger = withoutAbsence(ownLogger)
  const embedded = config.databaseUrl
    ? undefined
    : await startEmbedded({ dataDir: path.resolve(config.dataDir) })
  const databaseUrl = config.databaseUrl ?? embedded!.url
  const pool = new Pool(databaseUrl, { size: overrides.poolSize })
  const pools: { cut(why: string): void }[] = [pool]
  const watch = watchDatabase(databaseUrl, pools, ownLogger)
  const unsupervise = embedded?.supervise((err) =>
    logger.error({ err }, 'PostgreSQL did not start; retrying'),
  )
  await usable(databaseUrl, watch)
  await migrate(databaseUrl, {
    blocked: () => logger.warn({}, 'the migration waits for a table that is in use; retrying'),
  })
  const database = openDatabase(pool, REQUEST_LIMITS)
  await checkDefaultPlan(database, config.defaultPlan)
  const secrets = await openSecrets(await secretKeysOf(config, database))
  const metrics = openMetrics(database.connectionsInUse)
  const boss = await startBoss(databaseUrl, Object.values(contracts), {
    work: config.role !== 'api',
    logger,
  })
  pools.push(boss)
  const parts = {
    config,
    databaseUrl,
    logger,
    pool,
    database,
    boss,
    secrets,
    metrics,
    settleMs: overrides.settleMs ?? SETTLE_MS,
    googleUrls: overrides.googleUrls ?? GOOGLE_URLS,
    passwords: overrides.passwords ?? { hash: (password) => hash(password), verify },
  }
  const worker = config.role === 'api' ? undefined : await openWorker(parts)
  const api = config.role === 'worker' ? undefined : await openApi(parts)
  return {
    url: api?.url,
    databaseUrl,
    database,
    async stop() {
      await Promise.all([api?.stop(), worker?.stop()])
      await boss.stop()
      await database.close()
      await Promise.all([watch.stop(), unsupervise?.()])
      await embedded?.stop()
    },
  }
}

/** Waits for the database. Throws `ConfigError` if igny8 cannot use it. */
async function usable(databaseUrl: string, watch: Session): Promise<void> {
  try {
    await watch.ready
  } catch (error) {
    throw new ConfigError(`DATABASE_URL: ${(error as Error).message}`, { cause: error })
  }
  if (await sharesSessions(databaseUrl)) {
    throw new ConfigError(
      'DATABASE_URL: this is a pooler that shares connections between transactions, such as PgBouncer with ' +
        'pool_mode = transaction. igny8 needs LISTEN and advisory locks, which do not work through it. ' +
        'Use the address of PostgreSQL, or a pool with pool_mode = session.',
    )
  }
}

type Parts = {
  config: Config
  databaseUrl: string
  logger: Logger
  pool: Pool
  database: Database
  boss: Boss
  secrets: Secrets
  metrics: NodeMetrics
  settleMs: number
  googleUrls: GoogleUrls
  passwords: Passwords
}

async function openWorker(parts: Parts) {
  const { config, logger, databaseUrl, pool, boss, secrets, metrics, settleMs, googleUrls } = parts
  const database = openDatabase(pool, WORKER_LIMITS)
  const egress = createEgress({ allowPrivate: config.allowPrivateSites })
  const worker = await startWorker(boss.pgBoss, databaseUrl, {
    database,
    queue: boss.queue,
    secrets,
    media: mediaIn(config),
    logger,
    fetch: egress.fetch,
    aiProvider: openProviders({ database, secrets, fetch: egress.fetch }),
    stepEnded: metrics.stepEnded,
    settleMs,
    googleUrls,
  })
  return {
    async stop() {
      await worker.stop()
      await egress.close()
    },
  }
}

async function openApi(parts: Parts) {
  const { config, logger, databaseUrl, database, boss, secrets, metrics, googleUrls } = parts
  const runEvents = await listenToRuns(databaseUrl)
  let url = ''
  const draining = new AbortController()
  const deps: Deps = {
    database,
    queue: boss.queue,
    secrets,
    tokens: await openTokens(secrets),
    passwords: boundedPasswords(parts.passwords),
    media: mediaIn(config),
    runEvents,
    logger,
    metrics,
    settings: {
      registration: config.registration,
      defaultPlan: config.defaultPlan,
      rateLimits: config.rateLimits,
      corsOrigins: config.corsOrigins,
      publicUrl: () => config.publicUrl ?? url,
      googleUrls,
    },
    clientAddress: clientAddress(config.trustedProxies),
    docsAsset,
    pluginZip,
    draining: draining.signal,
  }
  const { server, port } = await listen(createApp(deps), config, metrics)
  url = `http://${config.host}:${port}`
  return {
    url,
    async stop() {
      draining.abort()
      await closeServer(server)
      await runEvents.stop()
    },
  }
}

function mediaIn(config: Config) {
  if (config.bucket) return s3Media(config.bucket)
  return diskMedia(path.join(config.dataDir, 'media'))
}

/** Logs one JSON line per event to standard error; fields that may hold secrets are redacted. */
function openLogger(): Logger {
  const redact = {
    paths: [...SECRET_FIELDS, ...SECRET_FIELDS.map((field) => `*.${field}`)],
    censor: '[redacted]',
  }
  return pino({ redact, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination(2))
}

async function main(): Promise<void> {
  let config: Config
  try {
    config = readConfig(process.env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    console.error(error.message)
    process.exit(1)
  }
  const starting = startService(config)
  let isEnding = false
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (!isEnding) void end(starting)
      isEnding = true
    })
  }
  try {
    const service = await starting
    console.log(service.url ? `igny8 listening on ${service.url}` : 'igny8 working')
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
    process.exit(1)
  }
}

/** Also ends a start that is still waiting for its database. */
async function end(starting: Promise<Service>): Promise<void> {
  setTimeout(() => process.exit(0), STOP_LIMIT_MS)
  const service = await Promise.race([starting, delay(START_PATIENCE_MS)])
  await service?.stop()
  process.exit(0)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
