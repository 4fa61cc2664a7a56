import type { Failure } from '../db/schema/runs.ts'
import { unavailable } from '../db/unavailable.ts'
import { rowLimitReached } from '../server/http/plan-limit-errors.ts'
import { contracts } from '../server/runs/job-contracts.ts'
import { onFailureOf, registry } from './registry.ts'
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

/** After this time a step whose remote outcome stays unknown fails. */
const POLL_LIMIT_MS = 6 * 3600_000

/** Seconds until the retry of a step that failed because of the database. */
const DATABASE_RETRY_SECONDS = 10

/** The delay grows with each poll: about fifty polls in six hours. */
const IMMEDIATE_POLLS = 5
const MAX_POLL_SECONDS = 600

/** The shortest delay between polls, in seconds. */
function pollDelay({ attempt }: Step): number {
  return attempt <= IMMEDIATE_POLLS
    ? 0
    : Math.min(1.5 ** (attempt - IMMEDIATE_POLLS), MAX_POLL_SECONDS)
}

/** Runs one attempt until the step is done, failed or returned to the queue. Does not throw if the step fails. */
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
      deps.logger.warn(log, 'another worker took over the step')
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

/** Fails a step during which several workers died, also when it ran alone. */
async function workerDied(): Promise<never> {
  throw new StepError(
    'worker_died',
    'The worker stopped each time it ran this step, even with nothing else running, so igny8 gave up. Try again with less work at once, or report it.',
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
    // The deaths are kept: an interrupted step may still be one that kills workers.
    const { deaths } = step
    await retryStep(deps, step, {
      seconds: 0,
      deaths,
      message: 'Interrupted by a restart of the service',
    })
    return 'retried'
  }
  const mayWait = Date.now() - readyAt(step) < POLL_LIMIT_MS
  // A site's refusals look the same, but handlers have already converted them.
  const away = isOfStep(error) ? undefined : unavailable(error)
  if (away && mayWait) {
    // Not the step's fault, so it does not use up a retry.
    deps.logger.warn({ ...log, why: away.message }, 'step waits for the database')
    const message = `The database was unavailable or overloaded. Retrying in ${DATABASE_RETRY_SECONDS} s.`
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
    deps.logger.error({ ...log, err: error }, 'step failed unexpectedly')
  if (retryable && delay !== undefined) {
    const message = `${failureFrom(error).message} Retrying in ${delay} s.`
    // The attempt ended, so something else killed the earlier workers.
    await retryStep(deps, step, { seconds: delay, retries: retries + 1, deaths: 0, message })
    return 'retried'
  }
  const failure = failureFrom(error)
  deps.logger.warn({ ...log, ...failure }, 'step failed')
  await failStep(deps, step, failure, onFailureOf(step, failure))
  return 'failed'
}

function isOfStep(error: unknown): error is StepError | RetryableError | PollLater {
  return error instanceof StepError || error instanceof RetryableError || error instanceof PollLater
}

/** Unexpected errors are not shown to the caller. */
function failureFrom(error: unknown): Failure {
  return isOfStep(error)
    ? { code: error.code, message: shortened(error.message) }
    : { code: 'internal', message: 'The service failed unexpectedly. Try again later.' }
}
