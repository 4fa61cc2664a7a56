import type { Tx } from '../../db/database.ts'
import { run_steps } from '../../db/schema/runs.ts'
import type { Deps } from '../deps.ts'
import { DomainError } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import { acceptRun } from '../runs/accept-run.ts'
import { contracts } from '../runs/job-contracts.ts'
import { openSteps } from '../runs/open-steps.ts'
import { notLinked, requireSite } from './link.ts'

/** Has a site examined, and returns the run: the one that is under way, if one is. */
export async function acceptExamination(
  deps: Deps,
  caller: Caller,
  siteId: number,
): Promise<number> {
  const accept = () =>
    deps.database.withAccount(caller.scope, (tx) => examineIn(tx, deps, caller, siteId))
  try {
    return await accept()
  } catch (error) {
    // Another caller was faster by a moment: that run is there now.
    if (error instanceof DomainError && error.code === 'already_running') return accept()
    throw error
  }
}

/** The same, in the caller's transaction. */
export async function examineIn(
  tx: Tx,
  deps: Deps,
  caller: Caller,
  siteId: number,
): Promise<number> {
  const site = await requireSite(tx, siteId)
  if (!site.wp_url) throw notLinked(site.name)
  const params = { service_url: deps.settings.publicUrl() }
  return (
    (await underWay(tx, siteId)) ??
    acceptRun(tx, deps.queue, caller, {
      kind: 'examine_wordpress',
      siteId,
      params: {},
      steps: [{ contract: contracts.examine_wordpress, objectId: siteId, price: 0, params }],
    })
  )
}

async function underWay(tx: Tx, siteId: number): Promise<number | undefined> {
  const [step] = await tx
    .select({ run_id: run_steps.run_id })
    .from(run_steps)
    .where(openSteps('examine_wordpress', siteId))
  return step?.run_id
}
