import type { Deps } from '../deps.ts'
import type { Caller } from '../http/caller.ts'
import { resultOfRun } from './wait-for-run.ts'

/** What the run's one step answered, or undefined when it takes longer; its failure is the caller's error. */
export function resultOf(deps: Deps, caller: Caller, runId: number): Promise<unknown> {
  return resultOfRun(deps, caller, runId, 'site_check_failed')
}
