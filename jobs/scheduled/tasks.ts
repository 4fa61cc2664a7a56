import { cancelClosed, openRecovery, requeueUnfinished } from '../steps/recover-steps.ts'
import type { WorkerDeps } from '../steps/step.ts'
import type { WorkerLock } from '../steps/worker-lock.ts'
import { eraseAccounts } from './erase-accounts.ts'
import { probeSites } from './probe-sites.ts'
import { purgeTables } from './purge-expired.ts'
import { openMediaPurge } from './purge-media.ts'
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
  const onEachWorker = (
    name: string,
    everyMs: number,
    run: ScheduledTask['run'],
  ): ScheduledTask => ({
    name,
    everyMs,
    in: 'each worker',
    run,
  })
  const onLeader = (name: string, everyMs: number, run: ScheduledTask['run']): ScheduledTask => ({
    name,
    everyMs,
    in: 'leader',
    run,
  })
  return [
    onEachWorker('renew worker lock', SECOND, () => lock.renew()),
    onEachWorker('requeue unfinished steps', 5 * SECOND, () =>
      requeueUnfinished(deps, { workerId, workingOn }),
    ),
    onLeader('recover steps', 5 * SECOND, openRecovery(deps)),
    onLeader('cancel steps of closed accounts', 5 * SECOND, () => cancelClosed(deps)),
    onLeader('verify posts', 5 * SECOND, () => verifyPosts(deps)),
    onLeader('probe paused sites', 5 * SECOND, () => probeSites(deps)),
    onLeader('send webhooks', 2 * SECOND, (stopping) => sendDeliveries(deps, stopping)),
    onLeader('renew credits', 5 * SECOND, () => renewCredits(deps)),
    onLeader('erase accounts', 5 * SECOND, () => eraseAccounts(deps)),
    onLeader('delete old rows', MINUTE, () => purgeTables(deps)),
    onLeader('delete unused image files', MINUTE, openMediaPurge(deps)),
  ]
}
