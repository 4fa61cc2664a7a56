import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Client } from '../../helpers/client.ts'
import { type Attack, assertAlive, HoleError, type Target } from './attack.ts'

const ANSWER_MS = 5_000
const BACK_MS = 15_000
const DRAIN_MS = 30_000

export const outageAttacks: Attack[] = [
  {
    name: 'kills the embedded PostgreSQL',
    async run(target) {
      await target.owner()
      process.kill(postmasterOf(target), 'SIGKILL')
      const alive = await assertAlive(target)
      const { seen, ms } = await untilServed(target)
      return `/healthz in ${alive} ms; ${seen} until it registered an account again after ${ms} ms`
    },
  },
  {
    name: 'kills one backend of the embedded PostgreSQL, which makes it restart all',
    async run(target) {
      const owner = await target.owner()
      for (let n = 0; n < 3; n++) {
        process.kill(backendOf(target), 'SIGKILL')
        await assertAlive(target)
        await untilServed(target)
      }
      const { status } = await owner.get('auth/me/')
      if (status !== 200) throw new HoleError(`auth/me/ answers ${status} after three kills`)
      return 'served again after each of three kills'
    },
  },
  {
    name: 'kills the embedded PostgreSQL five times while ten callers create keywords',
    async run(target) {
      const owner = await target.owner()
      const place = await sectorOf(owner)
      const stopped = new AbortController()
      let made = 0
      const callers = Array.from({ length: 10 }, async (_, caller) => {
        for (let n = 0; !stopped.signal.aborted; n++) {
          const keyword = `caller-${caller}-${n}`
          const answer = await owner
            .call(
              'POST',
              'planner/keywords/',
              { ...place, keyword },
              { 'idempotency-key': keyword },
            )
            .catch(() => undefined)
          if (answer?.status === 201) made++
          else if (answer?.status !== 503)
            throw new HoleError(`a request was answered with ${answer?.status}`)
          else await delay(50)
        }
      })
      const working = Promise.all(callers)
      try {
        for (let n = 0; n < 5; n++) {
          await Promise.race([working, delay(500)])
          process.kill(postmasterOf(target), 'SIGKILL')
          await Promise.race([working, untilServed(target)])
        }
      } finally {
        stopped.abort()
      }
      await working
      const { body } = await owner.get<{ count: number }>('planner/keywords/?page_size=1')
      if (body.count < made)
        throw new HoleError(`${made} keywords were made, ${body.count} are there`)
      return `${made} keywords were answered with 201 and ${body.count} are there`
    },
  },
  {
    name: 'stops the service right after its embedded PostgreSQL was killed',
    async run(target) {
      await target.owner()
      process.kill(postmasterOf(target), 'SIGKILL')
      return stopped(target)
    },
  },
  {
    name: 'freezes the embedded PostgreSQL with all its backends',
    async run(target) {
      const owner = await target.owner()
      const pids = [postmasterOf(target), ...backendsOf(target)]
      signal(pids, 'SIGSTOP')
      try {
        const alive = await assertAlive(target)
        const worst = await refused(owner, 6)
        await assertAlive(target)
        signal(pids, 'SIGCONT')
        const { ms } = await untilServed(target)
        return `/healthz in ${alive} ms, a 503 within ${worst} ms, served again ${ms} ms after it thawed`
      } finally {
        signal(pids, 'SIGCONT')
      }
    },
  },
  {
    name: 'stops the service while its embedded PostgreSQL is frozen',
    async run(target) {
      await target.owner()
      const pids = [postmasterOf(target), ...backendsOf(target)]
      signal(pids, 'SIGSTOP')
      try {
        return await stopped(target)
      } finally {
        signal(pids, 'SIGCONT')
      }
    },
  },
]

/** Sends requests until one is answered in full; each must be a 503 within five seconds until then. */
async function untilServed(target: Target): Promise<{ seen: string; ms: number }> {
  const began = performance.now()
  const statuses = new Map<number, number>()
  for (;;) {
    const sent = performance.now()
    const status = await target.owner('Back').then(
      () => 201,
      (error: unknown) => Number(/"status":(\d+)/.exec(String(error))?.[1] ?? 0),
    )
    const took = Math.round(performance.now() - sent)
    const ms = Math.round(performance.now() - began)
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
    if (took > ANSWER_MS) throw new HoleError(`a request took ${took} ms and ended with ${status}`)
    if (status === 201) {
      return { seen: [...statuses].map(([code, n]) => `${n} × ${code}`).join(', '), ms }
    }
    if (status !== 503) throw new HoleError(`a request was answered with ${status}`)
    if (ms > BACK_MS) throw new HoleError(`not served again after ${ms} ms`)
    await delay(100)
  }
}

/** Milliseconds of the slowest of `count` requests, each of which must be answered with 503. */
async function refused(owner: Client, count: number): Promise<number> {
  const all = Array.from({ length: count }, async () => {
    const began = performance.now()
    const { status, headers } = await owner.get('auth/sites/')
    const ms = Math.round(performance.now() - began)
    if (status !== 503) throw new HoleError(`a request was answered with ${status}`)
    if (!headers.has('retry-after')) throw new HoleError('a 503 had no Retry-After')
    if (ms > ANSWER_MS) throw new HoleError(`a request was answered after ${ms} ms`)
    return ms
  })
  return Math.max(...(await Promise.all(all)))
}

async function stopped(target: Target): Promise<string> {
  const began = performance.now()
  const code = await target.terminate()
  const ms = Math.round(performance.now() - began)
  if (code !== 0) throw new HoleError(`ended with ${code} after ${ms} ms`)
  if (ms > DRAIN_MS) throw new HoleError(`ended after ${ms} ms`)
  return `ended with 0 after ${ms} ms`
}

async function sectorOf(owner: Client) {
  const site = await owner.post<{ id: number }>('auth/sites/', { name: 'Blog' })
  const site_id = site.body.id
  const sector = await owner.post<{ id: number }>('auth/sectors/', { site_id, name: 'Tea' })
  return { site_id, sector_id: sector.body.id }
}

/** The process id of the server, which the service keeps in its data folder or under /var/lib. */
export function postmasterOf({ dataDir }: { dataDir: string }): number {
  const real = realpathSync(dataDir)
  const name = createHash('sha256').update(real).digest('hex').slice(0, 16)
  const file = [path.join(real, 'postgres'), `/var/lib/igny8/postgres-${name}`]
    .map((folder) => path.join(folder, 'data/postmaster.pid'))
    .find((candidate) => existsSync(candidate))
  if (!file) throw new Error('the service runs no PostgreSQL')
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0])
  // A signal to 0 would go to this process and all of its group.
  if (!(pid > 0)) throw new Error(`${file} names no process`)
  return pid
}

/** Process ids of the server's children. */
function backendsOf(target: { dataDir: string }): number[] {
  const children = execFileSync('ps', ['-o', 'pid=', '--ppid', String(postmasterOf(target))])
  return children.toString().trim().split(/\s+/).map(Number)
}

/** One that serves a client. */
export function backendOf(target: { dataDir: string }): number {
  const found = backendsOf(target).find((pid) => {
    const file = `/proc/${pid}/cmdline`
    return existsSync(file) && readFileSync(file, 'utf8').includes('127.0.0.1')
  })
  if (!found) throw new Error('the server has no client')
  return found
}

function signal(pids: number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}
