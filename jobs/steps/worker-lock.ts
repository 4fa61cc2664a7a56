import { randomInt } from 'node:crypto'
import type { Sql } from 'postgres'
import { keepSession } from '../../db/session.ts'
import { WORKER_LOCK } from './claim-step.ts'

/** Held by the worker that leads. */
const LEADER_LOCK = 493_719

/** By which everybody sees that this worker lives: advisory locks that end with their connection. */
export type WorkerLock = {
  workerId: number
  /** Whether this worker is the one that runs what runs in one worker at a time. */
  isLeader(): boolean
  /** Leads when nobody else does. */
  renew(): Promise<void>
  release(): Promise<void>
}

/** Takes the lock over a connection of its own, and again whenever that was lost. */
export async function takeWorkerLock(databaseUrl: string): Promise<WorkerLock> {
  const workerId = randomInt(1, 2 ** 31 - 1)
  let holding: Sql | undefined
  let isLeader = false
  const session = keepSession(databaseUrl, {
    name: 'igny8-worker',
    async setUp(sql) {
      // Where this side has given up a connection, the server may not have noticed.
      await sql`select pg_terminate_backend(pid, 1000) from pg_locks
        where locktype = 'advisory' and classid = ${WORKER_LOCK} and objid = ${workerId}
          and database = (select oid from pg_database where datname = current_database())
          and pid <> pg_backend_pid()`
      await sql`select pg_advisory_lock(${WORKER_LOCK}::int, ${workerId}::int)`
      holding = sql
    },
    onLost() {
      holding = undefined
      isLeader = false
    },
  })
  await session.ready
  const renew = async () => {
    const asked = holding
    if (!asked || isLeader) return
    const [row] = await asked<{ leads: boolean }[]>`
      select pg_try_advisory_lock(${LEADER_LOCK}::int, 0) as leads`
    // The answer is worthless if the connection was lost meanwhile.
    if (asked === holding) isLeader = row?.leads === true
  }
  await renew()
  return { workerId, isLeader: () => isLeader, renew, release: session.stop }
}
