import { keepSession, type Session, UnansweredError } from '../../db/session.ts'
import { unavailable } from '../../db/unavailable.ts'
import type { Logger } from './logger.ts'

const REMIND_EVERY_MS = 60_000

/**
 * The logger of all the others: it leaves out errors that say no more than that the database is away,
 * of which requests and scheduled work would make a storm.
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
 * Watches the database over a connection of its own and is the one to log its absence: a line when it
 * goes, one a minute until it is back, and one then. `ready` waits for it, however long. When it is
 * there but does not answer, every connection of `pools` is cut, so that what waits for it ends.
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
      logger.warn({ err: error }, 'the database is away: igny8 answers 503 and waits for it')
      reminder = setInterval(
        () => logger.warn({ seconds: seconds() }, 'the database is still away'),
        REMIND_EVERY_MS,
      )
    },
    onBack() {
      clearInterval(reminder)
      logger.info({ seconds: seconds() }, 'the database is back')
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
