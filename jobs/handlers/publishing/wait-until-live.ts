import { sleep } from '../../../wp-bridge/client/http/sleep.ts'
import { seenLive } from '../../../wp-bridge/client/publish/live.ts'
import { LIVE_CHECK_MS } from '../../../wp-bridge/client/publish/retry-policy.ts'
import type { StepJob } from '../../steps/step.ts'

/** Whether visitors see the article at `url`, within about 15 seconds. */
export async function waitUntilLive(job: StepJob, url: string, key: string): Promise<boolean> {
  const { signal, deps } = job
  let reason = ''
  for (const wait of LIVE_CHECK_MS) {
    await sleep(wait, signal)
    const sight = await seenLive(deps.fetch, url, key, signal)
    if (sight.seen) {
      await job.responded('live', `The article is live at ${url}`)
      return true
    }
    reason = sight.reason
  }
  await job.responded('live', `Published, but not live yet. ${reason}`)
  return false
}
