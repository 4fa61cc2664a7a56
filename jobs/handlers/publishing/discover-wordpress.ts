import { z } from 'zod'
import { discoverAuthorization } from '../../../wp-bridge/client/connect/discover.ts'
import type { StepHandler } from '../../steps/step.ts'
import { askWordPress } from './wordpress-failure.ts'

const Params = z.object({ wp_url: z.string() })

/** Finds the page on which the owner of a WordPress authorises igny8. */
export const discoverWordPress: StepHandler = async (job) => {
  const { wp_url } = Params.parse(job.step.params)
  await job.progress({ phase: 'discover_wordpress', message: `Looking for WordPress at ${wp_url}` })
  const { fetch } = job.deps
  const { signal } = job
  const authorization = await askWordPress(() => discoverAuthorization(fetch, wp_url, signal), {
    retry: false,
  })
  return { message: `${wp_url} is a WordPress`, result: { wp_url, authorization } }
}
