import { randomInt } from 'node:crypto'
import postgres from 'postgres'
import { WORKER_LOCK } from './take-step.ts'

/** Held by the worker that leads. */
const LEADER_LOCK = 493_719

/** By which everybody sees that this worker lives: advisory locks that end with their connection. */
export type WorkerLock = {
  workerId: number
  /** Whether this worker is the one that runs what runs in one worker at a time. */
  isLeader(): boolean
  /**
   * Takes the lock again if its connection was lost, as when the database restarts, and leads when
   * nobody else does.
   */
  renew(): Promise<void>
  release(): Promise<void>
}

/** Takes the lock over a connection of its own, which is never closed for its age. */
export async function takeWorkerLock(databaseUrl: string): Promise<WorkerLock> {
  let isLeader = false
  const sql = postgres(databaseUrl, {
    max: 1,
    max_lifetime: null,
    onnotice: () => {},
    onclose: () => {
      isLeader = false
    },
    connection: { application_name: 'igny8-worker' },
  })
  const workerId = randomInt(1, 2 ** 31 - 1)
  const held = (key: number, id: number) => sql`exists (select from pg_locks
    where locktype = 'advisory' and pid = pg_backend_pid() and granted
      and classid = ${key} and objid = ${id})`
  const renew = async () => {
    await sql`select pg_advisory_lock(${WORKER_LOCK}::int, ${workerId}::int)
      where not ${held(WORKER_LOCK, workerId)}`
    const [row] = await sql<{ leads: boolean }[]>`select case when ${held(LEADER_LOCK, 0)} then true
      else pg_try_advisory_lock(${LEADER_LOCK}::int, 0) end as leads`
    isLeader = row!.leads
  }
  await renew()
  return { workerId, isLeader: () => isLeader, renew, release: () => sql.end({ timeout: 5 }) }
}
