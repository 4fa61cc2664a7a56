import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import postgres, { type Sql } from 'postgres'
import { inject } from 'vitest'
import type { Config } from '../../server/config.ts'
import { type Overrides, type Service, startService } from '../../server/main.ts'
import { type Client, register } from './client.ts'
import { cloneTemplate } from './database.ts'
import { startEdge } from './edge.ts'
import { startS3Server } from './s3-server.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where the API of a test service runs, unless the test says. */
    api: 'node' | 'edge'
  }
}

export type TestService = Service & {
  url: string
  /** A connection of the database's superuser: sees every account's rows. */
  sql: Sql
  config: Config
  dataDir: string
  /** What the API has printed, at the edge. */
  edgeLog(): string
  /** Registers a new account and answers its owner's client. */
  owner(name?: string): Promise<Client>
}

const SECRET_KEY = 'a key that only the tests of this project ever use'

/**
 * The whole service over a database of its own: API and worker in this process, or where the tests say
 * so the API on workerd.
 */
export async function startTestService(
  options: Overrides & {
    allowPrivateSites?: string[]
    role?: 'all' | 'api'
    /** Where the API runs. */
    api?: 'node' | 'edge'
    databaseUrl?: string
    /** The limits of the plan `free` as they are; without it they are in no test's way. */
    planLimits?: boolean
    config?: Partial<Config>
  } = {},
): Promise<TestService> {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'igny8-data-'))
  chmodSync(dataDir, 0o755)
  const databaseUrl = options.databaseUrl ?? (await cloneTemplate(inject('postgresUrl')))
  const atTheEdge = (options.api ?? inject('api')) === 'edge'
  const s3 = atTheEdge ? await startS3Server() : undefined
  const role = options.role ?? 'all'
  const config: Config = {
    port: 0,
    host: '127.0.0.1',
    publicUrl: undefined,
    databaseUrl,
    dataDir,
    role: atTheEdge && role === 'all' ? 'worker' : role,
    secretKeys: [SECRET_KEY],
    registration: 'open',
    allowPrivateSites: options.allowPrivateSites ?? [],
    defaultPlan: 'free',
    rateLimits: { account: 0, address: 0 },
    trustedProxies: [],
    corsOrigins: [],
    bucket: s3?.bucket,
    ...options.config,
  }
  const service = await startService(config, {
    settleMs: options.settleMs,
    logger: options.logger ?? quiet,
    googleUrls: options.googleUrls,
    passwords: options.passwords,
    poolSize: options.poolSize,
  })
  const edge = atTheEdge ? await startEdge(config) : undefined
  const sql = postgres(databaseUrl, { max: 2, onnotice: () => {} })
  if (!options.planLimits) await liftLimits(sql)
  const url = edge?.url ?? service.url ?? ''
  return {
    ...service,
    url,
    sql,
    config,
    dataDir,
    edgeLog: () => edge?.log() ?? '',
    owner: (name = 'Test account') => register(url, name),
    async stop() {
      await sql.end()
      await edge?.stop()
      await service.stop()
      await s3?.stop()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

async function liftLimits(sql: Sql): Promise<void> {
  const many = sql`1000000000`
  await sql`update plans set max_users = ${many}, max_sites = ${many}, max_keywords = ${many},
    max_clusters = ${many}, max_content_ideas = ${many}, daily_cluster_limit = ${many},
    daily_content_tasks = ${many}, daily_ai_requests = ${many},
    daily_image_generation_limit = ${many}, monthly_cluster_ai_credits = ${many},
    monthly_content_ai_credits = ${many}, monthly_image_ai_credits = ${many},
    monthly_image_count = ${many}, monthly_word_count_limit = ${many}`
}

/** Errors of the service itself are shown: a test that causes one on purpose passes its own logger. */
const quiet = {
  info() {},
  warn() {},
  error: (fields: object, message: string) => console.error(message, fields),
}
