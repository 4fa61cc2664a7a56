import type { Failure } from '../db/schema/runs.ts'
import { unavailable } from '../db/unavailable.ts'
import { rowLimitReached } from '../server/http/plan-limit-errors.ts'
import { contracts, failureOf, registry } from './registry.ts'
import { DEATHS_LIMIT } from './steps/claim-step.ts'
import { failStep, retryStep, succeedStep } from './steps/finish-step.ts'
import { shortened } from './steps/short-texts.ts'
import {
  PollLater,
  RetryableError,
  StaleAttemptError,
  type Step,
  StepError,
  StepJob,
  StepOnHold,
  type StepOutcome,
  type WorkerDeps,
} from './steps/step.ts'

/** Something remote whose outcome stays unknown for so long is given up. */
const POLL_LIMIT_MS = 6 * 3600_000

/** Seconds until a step is tried again that the database did not let end. */
const DATABASE_RETRY_SECONDS = 10

/** A step that looks for the so-many-th time looks ever more seldom: some fifty times in six hours. */
const IMMEDIATE_POLLS = 5
const MAX_POLL_SECONDS = 600

/** At least so many seconds pass before a step looks again. */
function pollDelay({ attempt }: Step): number {
  return attempt <= IMMEDIATE_POLLS
    ? 0
    : Math.min(1.5 ** (attempt - IMMEDIATE_POLLS), MAX_POLL_SECONDS)
}

/** Runs one attempt to its end: done, failed, or given back. Never throws for a step's own failure. */
export async function runStep(deps: WorkerDeps, step: Step, stopping: AbortSignal): Promise<void> {
  const { handler, giveUp = workerDied } = registry[step.kind]
  const job = new StepJob(step, deps, stopping)
  const log = {
    account_id: step.account_id,
    run_id: step.run_id,
    step_id: step.id,
    kind: step.kind,
  }
  const began = performance.now()
  const ended = (outcome: StepOutcome) =>
    deps.stepEnded(step.kind, outcome, (performance.now() - began) / 1000)
  try {
    const done = await (step.deaths < DEATHS_LIMIT ? handler(job) : giveUp(job))
    await succeedStep(deps, step, done)
    ended('succeeded')
    deps.logger.info({ ...log, attempt: step.attempt }, 'step done')
  } catch (error) {
    if (error instanceof StaleAttemptError) {
      deps.logger.warn(log, 'step was taken over')
      return
    }
    if (error instanceof StepOnHold) {
      deps.logger.info({ ...log, why: error.message }, 'step waits')
      ended('held')
      return
    }
    ended(await settleFailure(deps, job, error))
  }
}

/** Ends a step during which one worker after the other died, also when nothing else ran beside it. */
async function workerDied(): Promise<never> {
  throw new StepError(
    'worker_died',
    'The worker stopped each time it ran this step, also with nothing else running. igny8 gave the step up. Try it again with less to do at once, or report it.',
  )
}

/** When the step became ready to run: milliseconds since 1970. */
function readyAt({ released_at, not_before }: Step): number {
  return Math.max(released_at?.getTime() ?? 0, not_before?.getTime() ?? 0)
}

async function settleFailure(
  deps: WorkerDeps,
  job: StepJob,
  error: unknown,
): Promise<'failed' | 'retried'> {
  const { step } = job
  const { retries } = step
  const isSpent = retries >= contracts[step.kind].retryDelays.length
  const log = { run_id: step.run_id, step_id: step.id, kind: step.kind }
  if (job.signal.aborted) {
    // An interrupted step has not proved that it does not kill workers.
    const { deaths } = step
    await retryStep(deps, step, { seconds: 0, deaths, message: 'The service restarts' })
    return 'retried'
  }
  const mayWait = Date.now() - readyAt(step) < POLL_LIMIT_MS
  // What a site refuses looks the same: it is an error of ours by now.
  const away = isOfStep(error) ? undefined : unavailable(error)
  if (away && mayWait) {
    // No fault of the step: it costs none of its retries.
    deps.logger.warn({ ...log, why: away.message }, 'step waits for the database')
    const message = `The database was too busy or away. Trying again in ${DATABASE_RETRY_SECONDS} s.`
    await retryStep(deps, step, { seconds: DATABASE_RETRY_SECONDS, message })
    return 'retried'
  }
  if (error instanceof PollLater && mayWait && !(error.spendsRetry && isSpent)) {
    const seconds = Math.max(error.afterMs / 1000, pollDelay(step))
    const spent = retries + Number(error.spendsRetry)
    await retryStep(deps, step, { seconds, retries: spent, message: error.message })
    return 'retried'
  }
  const limit = rowLimitReached(error)
  if (limit) error = new StepError(limit.code, limit.message, { cause: error })
  const delay = contracts[step.kind].retryDelays[retries]
  const retryable = !(error instanceof StepError || error instanceof PollLater)
  if (!(error instanceof RetryableError) && retryable)
    deps.logger.error({ ...log, err: error }, 'step broke')
  if (retryable && delay !== undefined) {
    const message = `${failureFrom(error).message} Trying again in ${delay} s.`
    // It came to an end that counts: what killed workers before was not this step.
    await retryStep(deps, step, { seconds: delay, retries: retries + 1, deaths: 0, message })
    return 'retried'
  }
  const failure = failureFrom(error)
  deps.logger.warn({ ...log, ...failure }, 'step failed')
  await failStep(deps, step, failure, failureOf(step, failure))
  return 'failed'
}

function isOfStep(error: unknown): error is StepError | RetryableError | PollLater {
  return error instanceof StepError || error instanceof RetryableError || error instanceof PollLater
}

/** An error that is not one of ours says nothing to the caller. */
function failureFrom(error: unknown): Failure {
  return isOfStep(error)
    ? { code: error.code, message: shortened(error.message) }
    : { code: 'internal', message: 'Something failed on our side.' }
}
