import { keepSession, type Session, UnansweredError } from '../../db/session.ts'
import { unavailable } from '../../db/unavailable.ts'
import type { Logger } from './logger.ts'

const REMIND_EVERY_MS = 60_000

/**
 * Wraps a logger so that it drops errors which only say that the database is unavailable: requests and
 * scheduled tasks would log one each.
 */
export function withoutAbsence(logger: Logger): Logger {
  const isAbsence = (fields: object) =>
    unavailable((fields as { err?: unknown }).err)?.why === 'unavailable'
  return {
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => isAbsence(fields) || logger.warn(fields, message),
    error: (fields, message) => isAbsence(fields) || logger.error(fields, message),
  }
}

/**
 * Watches the database over a separate connection and logs when it becomes unavailable, once a minute while
 * it is, and when it is back. `ready` waits for it without a limit. If it accepts connections but does not
 * respond, every connection of `pools` is closed, so that queries fail instead of waiting.
 */
export function watchDatabase(
  url: string,
  pools: { cut(why: string): void }[],
  logger: Logger,
): Session {
  let since = 0
  let reminder: NodeJS.Timeout | undefined
  const seconds = () => Math.round((performance.now() - since) / 1000)
  const session = keepSession(url, {
    name: 'igny8-watch',
    onAway(error) {
      since = performance.now()
      if (error instanceof UnansweredError) for (const pool of pools) pool.cut(error.message)
      logger.warn(
        { err: error },
        'the database is unavailable; igny8 answers 503 and keeps trying to connect',
      )
      reminder = setInterval(
        () => logger.warn({ seconds: seconds() }, 'the database is still unavailable'),
        REMIND_EVERY_MS,
      )
    },
    onBack() {
      clearInterval(reminder)
      logger.info({ seconds: seconds() }, 'the database is available again')
    },
  })
  return {
    ready: session.ready,
    async stop() {
      clearInterval(reminder)
      await session.stop()
    },
  }
}
