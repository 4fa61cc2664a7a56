import { setTimeout as delay } from 'node:timers/promises'
import type { Job, PgBoss } from 'pg-boss'
import type { Scope } from '../db/database.ts'
import { contracts } from '../server/runs/job-contracts.ts'
import { type JobContract, StepPayload } from '../server/runs/queue.ts'
import { askService } from './handlers/ask-service.ts'
import { runStep } from './run-step.ts'
import { startSchedule } from './scheduled/schedule.ts'
import { scheduledTasks } from './scheduled/tasks.ts'
import { claimStep, mustRunAlone } from './steps/claim-step.ts'
import { ReadWriteLock } from './steps/read-write-lock.ts'
import { recoverSteps, requeueUnfinished } from './steps/recover-steps.ts'
import type { WorkerDeps } from './steps/step.ts'
import { takeWorkerLock } from './steps/worker-lock.ts'

/** How long a drain lets steps finish before they return to the queue. */
const DRAIN_MS = 20_000
/** How long it then waits for them to be returned to the queue. */
const GIVE_BACK_MS = 3_000

export type Worker = { stop(): Promise<void> }

/** Starts to run jobs of the database at `databaseUrl`. */
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
  const turns = new ReadWriteLock()

  /** Returns whether the step was taken. */
  async function attempt({ account_id, step_id }: StepPayload, alone: boolean): Promise<boolean> {
    const { workerId } = lock
    const step = await claimStep(deps, { accountId: account_id }, step_id, { workerId, alone })
    if (step) await runStep(deps, step, stopping.signal)
    return step !== undefined
  }
  async function work(job: Job<unknown>): Promise<void> {
    const payload = StepPayload.parse(job.data)
    const { account_id: accountId, step_id: id } = payload
    if (workingOn.has(id)) return
    workingOn.add(id)
    try {
      const isTaken = await turns.run({ alone: false }, () => attempt(payload, false))
      if (isTaken || !(await mustRunAlone(deps, { accountId }, id))) return
      await turns.run({ alone: true }, async () => {
        if (!stopping.signal.aborted) await attempt(payload, true)
      })
    } finally {
      workingOn.delete(id)
    }
  }
  await recoverSteps(deps, { atStart: true })
  for (const contract of Object.values(contracts)) await startDraining(pgBoss, contract, track)

  async function track(job: Job<unknown>): Promise<void> {
    const one = work(job)
    running.add(one)
    await one.finally(() => running.delete(one))
  }
  const schedule = startSchedule(scheduledTasks(deps, lock, workingOn), {
    isLeader: lock.isLeader,
    logger: deps.logger,
  })

  return {
    async stop() {
      const tasksEnded = schedule.stop(DRAIN_MS)
      await Promise.all(
        Object.values(contracts).map(({ name }) => pgBoss.offWork(name, { wait: false })),
      )
      const patience = setTimeout(() => stopping.abort(), DRAIN_MS)
      const stepsEnded = Promise.allSettled(running)
      await Promise.race([stepsEnded, delay(DRAIN_MS + GIVE_BACK_MS, undefined, { ref: false })])
      clearTimeout(patience)
      await tasksEnded
      const left = { workerId: lock.workerId, workingOn: new Set<number>() }
      await requeueUnfinished(deps, left).catch((error: unknown) => {
        deps.logger.error({ err: error }, 'could not return steps to the queue')
      })
      await lock.release()
    },
  }
}

/**
 * Fetches jobs of one kind. pg-boss workers wait for their polling interval after every fetch, even if more
 * jobs are queued. A worker that got a job is told to fetch again after it, so that a burst drains quickly.
 */
async function startDraining(
  pgBoss: PgBoss,
  { name, concurrency }: JobContract,
  handle: (job: Job<unknown>) => Promise<void>,
): Promise<void> {
  const options = {
    pollingIntervalSeconds: 2,
    notifyPollingIntervalSeconds: 10,
    batchSize: 1,
    localGroupConcurrency: concurrency,
    // One more than the limit of an account, so that no account can use all of them.
    localConcurrency: concurrency + 1,
  }
  await pgBoss.work(name, options, async ([job]: Job<unknown>[]) => {
    try {
      if (job) await handle(job)
    } finally {
      for (const worker of pgBoss.getWipData()) {
        if (worker.name === name && worker.count > 0) pgBoss.notifyWorker(worker.id)
      }
    }
  })
}
