import type { Job, PgBoss } from 'pg-boss'
import type { Scope } from '../db/tenancy.ts'
import { StepPayload } from '../server/queue.ts'
import { askService } from './ask-service.ts'
import { eraseAccounts } from './auth/erase-accounts.ts'
import { renewCredits } from './billing/renew-credits.ts'
import { carryOut } from './carry-out.ts'
import { probeSites } from './publishing/probe-sites.ts'
import { sendDeliveries } from './publishing/send-deliveries.ts'
import { verifyPosts } from './publishing/verify-posts.ts'
import { cancelClosed, dropUnfinished, recoverSteps } from './recover.ts'
import { contracts } from './registry.ts'
import type { WorkerDeps } from './step.ts'
import { sweepKeys } from './sweep-keys.ts'
import { takeStep } from './take-step.ts'
import { takeWorkerLock } from './worker-lock.ts'

const ROUND_EVERY_MS = 5_000
/** How long a drain lets steps finish before they are given back. */
const DRAIN_MS = 20_000

export type Worker = { stop(): Promise<void> }

/** Starts carrying out jobs of the database at `databaseUrl`. */
export async function startWorker(
  pgBoss: PgBoss,
  databaseUrl: string,
  given: WorkerDeps,
): Promise<Worker> {
  const deps = {
    ...given,
    aiProvider: (scope: Scope) => askService(() => given.aiProvider(scope)),
  }
  const lock = await takeWorkerLock(databaseUrl)
  const stopping = new AbortController()
  const running = new Set<Promise<void>>()
  const workingOn = new Set<number>()

  async function work(job: Job<unknown>): Promise<void> {
    const { account_id, step_id } = StepPayload.parse(job.data)
    if (workingOn.has(step_id)) return
    workingOn.add(step_id)
    try {
      const step = await takeStep(deps, { accountId: account_id }, step_id, lock.workerId)
      if (step) await carryOut(deps, contracts, step, stopping.signal)
    } finally {
      workingOn.delete(step_id)
    }
  }
  await recoverSteps(deps, contracts, { atStart: true })
  for (const { name, concurrency } of Object.values(contracts)) {
    for (let n = 0; n < concurrency; n++) await startDraining(pgBoss, name, track)
  }

  async function track(job: Job<unknown>): Promise<void> {
    const one = work(job)
    running.add(one)
    await one.finally(() => running.delete(one))
  }
  const rounds = {
    lock: () => lock.renew(),
    unfinished: () => dropUnfinished(deps, contracts, { workerId: lock.workerId, workingOn }),
    recover: () => recoverSteps(deps, contracts, { atStart: false }),
    closed: () => cancelClosed(deps),
    verify: () => verifyPosts(deps),
    probe: () => probeSites(deps),
    deliveries: () => sendDeliveries(deps),
    renew: () => renewCredits(deps),
    erase: () => eraseAccounts(deps),
    keys: () => sweepKeys(deps),
  }
  const making = setInterval(() => void makeRounds(deps, rounds), ROUND_EVERY_MS)

  return {
    async stop() {
      clearInterval(making)
      await Promise.all(
        Object.values(contracts).map(({ name }) => pgBoss.offWork(name, { wait: false })),
      )
      const patience = setTimeout(() => stopping.abort(), DRAIN_MS)
      await Promise.allSettled(running)
      clearTimeout(patience)
      await lock.release()
    },
  }
}

/** What every worker looks after by and by; one that fails is in no other's way. */
async function makeRounds(
  deps: WorkerDeps,
  rounds: Record<string, () => Promise<unknown>>,
): Promise<void> {
  for (const [round, make] of Object.entries(rounds)) {
    try {
      await make()
    } catch (error) {
      deps.logger.error({ err: error, round }, 'a round of the worker failed')
    }
  }
}

/**
 * pg-boss workers wait out their polling interval after every fetch, even when more jobs wait: each
 * wakes itself after a job, so that a burst drains at full speed.
 */
async function startDraining(
  pgBoss: PgBoss,
  name: string,
  handle: (job: Job<unknown>) => Promise<void>,
): Promise<void> {
  let id = ''
  id = await pgBoss.work(
    name,
    { pollingIntervalSeconds: 2, notifyPollingIntervalSeconds: 10, batchSize: 1 },
    async ([job]: Job<unknown>[]) => {
      try {
        if (job) await handle(job)
      } finally {
        pgBoss.notifyWorker(id)
      }
    },
  )
}
