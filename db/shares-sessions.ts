import postgres, { type ISql } from 'postgres'
import { sessionOptions } from './connection.ts'

const ROUNDS = 5

/**
 * Whether what is at `url` gives its connections to whoever begins a transaction, as PgBouncer does with
 * pool_mode = transaction: then nothing that lives in a session works, no LISTEN and no advisory lock.
 * A PostgreSQL never has one backend serve two connections, nor two serve one.
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
