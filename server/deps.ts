import type { Database } from '../db/database.ts'
import type { GoogleUrls } from './google/google-urls.ts'
import type { Tokens } from './identity/tokens.ts'
import type { MediaStore } from './media/media.ts'
import type { Logger } from './observability/logger.ts'
import type { Metrics } from './observability/metrics.ts'
import type { Queue } from './runs/queue.ts'
import type { RunEvents } from './runs/run-events.ts'
import type { Secrets } from './security/secrets.ts'

/** What the application is given: everything that differs between Node and Workers. */
export type Deps = {
  database: Database
  queue: Queue
  secrets: Secrets
  tokens: Tokens
  passwords: Passwords
  media: MediaStore
  runEvents: RunEvents
  logger: Logger
  metrics: Metrics
  settings: Settings
  /** The IP address of the client, for rate limits. */
  clientAddress(request: Request, env: unknown): string
  /** A file that `/docs` needs, by its name in swagger-ui-dist. */
  docsAsset(name: string): Promise<Uint8Array<ArrayBuffer> | undefined>
  /** The bridge plugin for WordPress, as a zip. */
  pluginZip(): Promise<Uint8Array<ArrayBuffer>>
  /** Aborted when the process starts to shut down: requests then stop waiting for a worker. */
  draining?: AbortSignal
}

/** argon2id, native in Node. */
export type Passwords = {
  hash(password: string): Promise<string>
  verify(hash: string, password: string): Promise<boolean>
}

type Settings = {
  registration: 'open' | 'closed'
  /** The slug of the plan that a new account gets. */
  defaultPlan: string
  /** Requests a minute; 0 sets no limit. */
  rateLimits: { account: number; address: number }
  /** Origins whose pages may call the API from a browser. */
  corsOrigins: string[]
  /** Without a trailing slash. */
  publicUrl(): string
  /** Google's endpoints; tests replace them. */
  googleUrls?: GoogleUrls
}
