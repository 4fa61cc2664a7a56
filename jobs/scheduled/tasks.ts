import { cancelClosed, openRecovery, requeueUnfinished } from '../steps/recover-steps.ts'
import type { WorkerDeps } from '../steps/step.ts'
import type { WorkerLock } from '../steps/worker-lock.ts'
import { eraseAccounts } from './erase-accounts.ts'
import { probeSites } from './probe-sites.ts'
import { sweepTables } from './purge-expired.ts'
import { openMediaSweep } from './purge-media.ts'
import { renewCredits } from './renew-credits.ts'
import type { ScheduledTask } from './schedule.ts'
import { sendDeliveries } from './send-deliveries.ts'
import { verifyPosts } from './verify-posts.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND

/** What the worker does periodically beside the steps. `workingOn` has the steps under way. */
export function scheduledTasks(
  deps: WorkerDeps,
  lock: WorkerLock,
  workingOn: ReadonlySet<number>,
): ScheduledTask[] {
  const { workerId } = lock
  const each = (name: string, everyMs: number, run: ScheduledTask['run']): ScheduledTask => ({
    name,
    everyMs,
    in: 'each worker',
    run,
  })
  const sweep = (name: string, everyMs: number, run: ScheduledTask['run']): ScheduledTask => ({
    name,
    everyMs,
    in: 'leader',
    run,
  })
  return [
    each('renew worker lock', SECOND, () => lock.renew()),
    each('drop unfinished steps', 5 * SECOND, () =>
      requeueUnfinished(deps, { workerId, workingOn }),
    ),
    sweep('recover steps', 5 * SECOND, openRecovery(deps)),
    sweep('cancel steps of closed accounts', 5 * SECOND, () => cancelClosed(deps)),
    sweep('verify posts', 5 * SECOND, () => verifyPosts(deps)),
    sweep('probe paused sites', 5 * SECOND, () => probeSites(deps)),
    sweep('send webhooks', 2 * SECOND, (stopping) => sendDeliveries(deps, stopping)),
    sweep('renew credits', 5 * SECOND, () => renewCredits(deps)),
    sweep('erase accounts', 5 * SECOND, () => eraseAccounts(deps)),
    sweep('delete old rows', MINUTE, () => sweepTables(deps)),
    sweep('delete unused image files', MINUTE, openMediaSweep(deps)),
  ]
}
