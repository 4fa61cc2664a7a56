import type { Database } from '../../db/database.ts'
import type { Passwords } from '../deps.ts'
import { limitConcurrency } from '../http/limit-concurrency.ts'

/** argon2 shares libuv's four threads with files, images and DNS lookups. */
const AT_ONCE = 2
/** About two seconds of work. */
const WAITING = 50
const PATIENCE_MS = 10_000
const LONGEST_MS = 60_000

/** Hashes and verifies at most `AT_ONCE` passwords at a time. Throws `overloaded` if too many wait. */
export function boundedPasswords({ hash, verify }: Passwords): Passwords {
  const inTurn = limitConcurrency({
    places: AT_ONCE,
    each: AT_ONCE,
    waiting: WAITING,
    patienceMs: PATIENCE_MS,
    longestMs: LONGEST_MS,
    what: 'password checks',
  })
  return {
    hash: (password) => inTurn('', () => hash(password)),
    verify: (known, password) => inTurn('', () => verify(known, password)),
  }
}

/** Hashes and verifies passwords without holding a database connection. */
export function passwordsOutside(database: Database, passwords: Passwords): Passwords {
  return {
    async hash(password) {
      await database.releaseConnection()
      return passwords.hash(password)
    },
    async verify(known, password) {
      await database.releaseConnection()
      return passwords.verify(known, password)
    },
  }
}
