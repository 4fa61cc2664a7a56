import postgres, { type ISql } from 'postgres'
import { sessionOptions } from './connection.ts'

const ROUNDS = 5

/**
 * Whether the server at `url` is a pooler that assigns a connection per transaction, as PgBouncer does
 * with pool_mode = transaction. Session state (LISTEN, advisory locks) does not work behind one.
 * PostgreSQL itself never serves two connections by one backend, or one connection by two.
 */
export async function sharesSessions(url: string): Promise<boolean> {
  const [one, other] = [open(url), open(url)]
  try {
    for (let n = 0; n < ROUNDS; n++) {
      const before = await backend(one)
      const isShared = await other.begin(
        async (transaction) =>
          (await backend(transaction)) === before || (await backend(one)) !== before,
      )
      if (isShared) return true
    }
    return false
  } finally {
    await Promise.all([one, other].map((sql) => sql.end({ timeout: 1 })))
  }
}

const open = (url: string) => postgres(url, sessionOptions('igny8-start'))

/** Unprepared: what is prepared in one transaction is not there in the next, behind some poolers. */
async function backend(sql: ISql): Promise<number> {
  const [row] = await sql.unsafe('select pg_backend_pid() as pid')
  return row?.pid
}
