import { randomInt } from 'node:crypto'
import postgres from 'postgres'
import { WORKER_LOCK } from './take-step.ts'

/** By which everybody sees that this worker lives: an advisory lock that ends with its connection. */
export type WorkerLock = {
  workerId: number
  /** Takes the lock again if its connection was lost, as when the database restarts. */
  renew(): Promise<void>
  release(): Promise<void>
}

/** Takes the lock over a connection of its own, which is never closed for its age. */
export async function takeWorkerLock(databaseUrl: string): Promise<WorkerLock> {
  const sql = postgres(databaseUrl, {
    max: 1,
    max_lifetime: null,
    onnotice: () => {},
    connection: { application_name: 'igny8-worker' },
  })
  const workerId = randomInt(1, 2 ** 31 - 1)
  const renew = async () => {
    await sql`select pg_advisory_lock(${WORKER_LOCK}::int, ${workerId}::int) where not exists (
      select from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()
        and classid = ${WORKER_LOCK} and objid = ${workerId} and granted)`
  }
  await renew()
  return { workerId, renew, release: () => sql.end({ timeout: 5 }) }
}
