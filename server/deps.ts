import type { Database } from '../db/database.ts'
import type { GoogleUrls } from './google/google-urls.ts'
import type { Tokens } from './identity/tokens.ts'
import type { MediaStore } from './media/media.ts'
import type { Logger } from './observability/logger.ts'
import type { Metrics } from './observability/metrics.ts'
import type { Queue } from './runs/queue.ts'
import type { RunEvents } from './runs/run-events.ts'
import type { Secrets } from './security/secrets.ts'

/** All that the application needs from outside; what differs between Node and Workers is in here. */
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
  /** The address of who is calling, for throttling. */
  clientAddress(request: Request, env: unknown): string
  /** A file that `/docs` needs, by its name in swagger-ui-dist. */
  docsAsset(name: string): Promise<Uint8Array<ArrayBuffer> | undefined>
  /** The bridge plugin, to be installed in WordPress. */
  pluginZip(): Promise<Uint8Array<ArrayBuffer>>
  /** Aborted when the process starts to shut down: a request must not wait for a worker any longer. */
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
  /** Whose pages may call the API from a browser. */
  corsOrigins: string[]
  /** Without a trailing slash. */
  publicUrl(): string
  /** Where Google's endpoints are; Google's own by default. */
  googleUrls?: GoogleUrls
}
