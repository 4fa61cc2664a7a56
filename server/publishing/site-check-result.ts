import type { Deps } from '../deps.ts'
import type { Caller } from '../http/caller.ts'
import { resultOfRun } from '../runs/wait-for-run.ts'

/** The result of the run's only step, or undefined if it is still running. Throws the step's failure. */
export function siteCheckResult(deps: Deps, caller: Caller, runId: number): Promise<unknown> {
  return resultOfRun(deps, caller, runId, 'site_check_failed')
}
