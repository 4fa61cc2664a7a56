import { randomInt } from 'node:crypto'
import type { Sql } from 'postgres'
import { keepSession } from '../../db/session.ts'
import { WORKER_LOCK } from './claim-step.ts'

/** Held by the worker that leads. */
const LEADER_LOCK = 493_719

/** Advisory locks that show that this worker is alive; they end with its connection. */
export type WorkerLock = {
  workerId: number
  /** Whether this worker runs the tasks that run in one worker at a time. */
  isLeader(): boolean
  /** Makes this worker the leader unless another one already is. */
  renew(): Promise<void>
  release(): Promise<void>
}

/** Takes the lock over a separate connection, and again after the connection was lost. */
export async function takeWorkerLock(databaseUrl: string): Promise<WorkerLock> {
  const workerId = randomInt(1, 2 ** 31 - 1)
  let holding: Sql | undefined
  let isLeader = false
  const session = keepSession(databaseUrl, {
    name: 'igny8-worker',
    async setUp(sql) {
      // The server may not have noticed that a former connection of this worker is closed.
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
    // The result is void if the connection was lost meanwhile.
    if (asked === holding) isLeader = row?.leads === true
  }
  await renew()
  return { workerId, isLeader: () => isLeader, renew, release: session.stop }
}
