import { AsyncLocalStorage } from 'node:async_hooks'
import argon2 from '@phi-ag/argon2/argon2.wasm'
import { type Database, openDatabase } from '../db/database.ts'
import { REQUEST_LIMITS } from '../db/limits.ts'
import { Pool } from '../db/pool.ts'
import { createApp } from './app.ts'
import { ConfigError, readConfig } from './config.ts'
import type { Deps } from './deps.ts'
import { openTokens } from './identity/tokens.ts'
import { wasmPasswords } from './identity/wasm-passwords.ts'
import { s3Media } from './media/s3.ts'
import { type Logger, SECRET_FIELDS } from './observability/logger.ts'
import { noMetrics } from './observability/metrics.ts'
import { openQueue } from './runs/boss.ts'
import type { RunEvents } from './runs/run-events.ts'
import { openSecrets } from './security/secrets.ts'

/** The settings of Node and the bindings of wrangler.toml. */
type Env = Record<string, unknown> & {
  HYPERDRIVE: { connectionString: string }
  /** What edge-assets.ts writes. */
  ASSETS: { fetch(url: string): Promise<Response> }
}
type Context = { waitUntil(promise: Promise<unknown>): void }

/** How often a stream polls its run: LISTEN does not work through Hyperdrive. */
const LOOK_MS = 500
/** Few, since Hyperdrive pools the connections to the database. */
const CONNECTIONS_PER_REQUEST = 4

/** On Workers a request must not use another request's connection, so each has its own pool. */
const databaseOfRequest = new AsyncLocalStorage<Database>()
const database = new Proxy({} as Database, {
  get:
    (_, method: keyof Database) =>
    (...args: unknown[]) =>
      Reflect.apply(databaseOfRequest.getStore()![method], undefined, args),
})
let app: ReturnType<typeof createApp> | undefined

/** The API on Cloudflare Workers. It enqueues jobs; workers in Node run them. */
export default {
  async fetch(request: Request, env: Env, context: Context): Promise<Response> {
    const { connectionString } = env.HYPERDRIVE
    const own = openDatabase(
      new Pool(connectionString, { size: CONNECTIONS_PER_REQUEST }),
      REQUEST_LIMITS,
    )
    return databaseOfRequest.run(own, async () => {
      let answer: Response | undefined
      try {
        app ??= createApp(await openDeps(env))
        answer = await app.fetch(request, env, context as never)
      } finally {
        if (!answer?.body) context.waitUntil(own.close())
      }
      if (!answer.body) return answer
      // Closed after the last byte. If the client disconnects first, the runtime drops the connections.
      const closing = new TransformStream({ flush: () => context.waitUntil(own.close()) })
      return new Response(answer.body.pipeThrough(closing), answer)
    })
  },
}

async function openDeps(env: Env): Promise<Deps> {
  const config = readConfig(env)
  const { publicUrl, bucket } = config
  if (!publicUrl) throw new ConfigError('PUBLIC_URL: required on Workers')
  if (!bucket) throw new ConfigError('IGNY8_S3_URL: required on Workers, which have no disk')
  if (config.secretKeys.length === 0)
    throw new ConfigError('IGNY8_SECRET_KEYS: required on Workers')
  const secrets = await openSecrets(config.secretKeys)
  return {
    database,
    queue: await openQueue(env.HYPERDRIVE.connectionString),
    secrets,
    tokens: await openTokens(secrets),
    passwords: await wasmPasswords(argon2),
    media: s3Media(bucket),
    runEvents: pollRunEvents,
    logger: consoleLogger,
    metrics: noMetrics,
    settings: {
      registration: config.registration,
      defaultPlan: config.defaultPlan,
      rateLimits: config.rateLimits,
      corsOrigins: config.corsOrigins,
      publicUrl: () => publicUrl,
    },
    clientAddress: (request) => request.headers.get('cf-connecting-ip') ?? '',
    docsAsset: (name) => asset(env, name),
    pluginZip: () => asset(env, 'plugin.zip'),
  }
}

async function asset({ ASSETS }: Env, name: string): Promise<Uint8Array<ArrayBuffer>> {
  const file = await ASSETS.fetch(`https://assets/${name}`)
  if (!file.ok)
    throw new Error(
      `the asset ${name} is missing (status ${file.status}); run server/edge-assets.ts before the deployment`,
    )
  return new Uint8Array(await file.arrayBuffer())
}

const pollRunEvents: RunEvents = {
  subscribe(_accountId, _runId, onChange) {
    const timer = setInterval(onChange, LOOK_MS)
    return () => clearInterval(timer)
  },
}

/** Logs one JSON line per event; fields that may hold secrets are redacted. */
const consoleLogger: Logger = {
  info: (fields, message) => console.log(line('info', fields, message)),
  warn: (fields, message) => console.warn(line('warn', fields, message)),
  error: (fields, message) => console.error(line('error', fields, message)),
}

function line(level: string, fields: object, msg: string): string {
  const shown = (name: string, value: unknown) => {
    if (SECRET_FIELDS.includes(name)) return '[redacted]'
    if (value instanceof Error)
      return { type: value.name, message: value.message, stack: value.stack }
    return value
  }
  return JSON.stringify({ level, time: new Date().toISOString(), ...fields, msg }, shown)
}
