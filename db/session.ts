import postgres, { type Sql } from 'postgres'
import { sessionOptions } from './connection.ts'
import { DatabaseUnavailableError, unavailable } from './unavailable.ts'

const LOOK_EVERY_MS = 1_000
/** How long the server may take to respond to a query. */
const TICKS = 10
const TICK_MS = 250
/**
 * The server ends a session whose client is frozen or unreachable, and so releases its locks. The client
 * sends a query every second.
 */
const SERVER_LIMITS = `set idle_session_timeout = '15s'; set tcp_keepalives_idle = 5;
  set tcp_keepalives_interval = 3; set tcp_keepalives_count = 3`
/** Delays before reconnecting after a lost connection, and after one that could not be opened. */
const AGAIN_MS = { lost: 100, failed: 500 }

/** The server accepts connections but does not respond. */
export class UnansweredError extends DatabaseUnavailableError {
  constructor() {
    super('unavailable', 'the database does not answer')
  }
}

export type Session = {
  /** Resolves when the session is open, with what it was set up to do. */
  ready: Promise<void>
  stop(): Promise<void>
}

export type SessionOptions = {
  /** How `pg_stat_activity` calls it. */
  name: string
  /** Runs on each new connection, before it counts as open: what it sets lives as long as the connection. */
  setUp?(sql: Sql): Promise<unknown>
  onNotify?(channel: string, payload: string): void
  /** The connection was lost with everything set up on it, or the set-up failed. */
  onLost?(): void
  /** Called once when the server cannot be reached or does not respond for 2.5 s. */
  onAway?(error: unknown): void
  /** It is open again after `onAway`. */
  onBack?(): void
}

/**
 * Keeps a connection open for session state such as LISTEN and advisory locks, and reconnects within a
 * second of its loss, without giving up. `ready` rejects, and nothing is kept open, if the first error
 * is not just that the server is unavailable.
 */
export function keepSession(url: string, options: SessionOptions): Session {
  const stopping = new AbortController()
  const opened = Promise.withResolvers<void>()
  opened.promise.catch(() => {})
  const kept = keep(url, options, stopping.signal, opened)
  return {
    ready: opened.promise,
    async stop() {
      stopping.abort()
      await kept
    },
  }
}

async function keep(
  url: string,
  options: SessionOptions,
  stopping: AbortSignal,
  opened: { resolve(): void; reject(error: unknown): void },
): Promise<void> {
  let wasOpen = false
  let isAway = false
  const away = (error: unknown) => {
    if (!isAway) options.onAway?.(error)
    isAway = true
  }
  while (!stopping.aborted) {
    let again = AGAIN_MS.lost
    const connection = new Connection(url, options, stopping)
    try {
      await connection.answered(connection.sql.unsafe(SERVER_LIMITS))
      await connection.answered(options.setUp?.(connection.sql) ?? connection.sql`select 1`)
      if (stopping.aborted) break
      if (connection.isOver) {
        throw new DatabaseUnavailableError('unavailable', 'the connection was lost')
      }
      wasOpen = true
      opened.resolve()
      if (isAway) options.onBack?.()
      isAway = false
      await connection.untilLost()
    } catch (error) {
      if (!wasOpen && !unavailable(error)) return opened.reject(error)
      away(error)
      again = AGAIN_MS.failed
    } finally {
      void connection.sql.end({ timeout: 0 })
      options.onLost?.()
    }
    await delay(again, stopping)
  }
  opened.resolve()
}

/** Resolves after `ms`, or as soon as `signal` is aborted. */
function delay(ms: number, signal?: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
      resolve(undefined)
    }
    const timer = setTimeout(end, ms)
    signal?.addEventListener('abort', end)
  })
}

class Connection {
  readonly sql: Sql
  isOver = false
  readonly #over = Promise.withResolvers<'over'>()

  constructor(url: string, { name, onNotify }: SessionOptions, stopping: AbortSignal) {
    const over = () => {
      this.isOver = true
      this.#over.resolve('over')
    }
    // In the place of the connection before.
    stopping.onabort = over
    const more = { onclose: over, onnotify: onNotify }
    this.sql = postgres(url, { ...sessionOptions(name), ...more }) as Sql
  }

  /** Rejects if the server does not respond. */
  async answered(query: PromiseLike<unknown>): Promise<void> {
    const { promise: late, reject } = Promise.withResolvers<never>()
    // Counted in ticks: those that pass while this process is busy are one.
    let ticks = 0
    const timer = setInterval(() => {
      if (++ticks > TICKS) reject(new UnansweredError())
    }, TICK_MS)
    await Promise.race([query, late, this.#over.promise]).finally(() => clearInterval(timer))
  }

  /** Looks every second. Resolves when the server closed the connection; rejects when it does not answer. */
  async untilLost(): Promise<void> {
    for (;;) {
      const over = await Promise.race([this.#over.promise, delay(LOOK_EVERY_MS)])
      if (over) return
      await this.answered(this.sql`select 1`.catch(() => this.#over.promise))
    }
  }
}
