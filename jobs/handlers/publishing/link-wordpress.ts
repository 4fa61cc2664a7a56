import { eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import { runs } from '../../../db/schema/runs.ts'
import { sites } from '../../../db/schema/sites.ts'
import { sitePasswordContext } from '../../../server/publishing/site-secrets.ts'
import { noteWorking } from '../../../server/publishing/webhook-endpoints.ts'
import { runSecret } from '../../../server/runs/run-secret.ts'
import {
  type CheckedSite,
  checkCredentials,
} from '../../../wp-bridge/client/connect/credentials.ts'
import { connect } from '../../../wp-bridge/client/http/transport.ts'
import { StepError, type StepHandler, type StepJob } from '../../steps/step.ts'
import { pairPlugin } from './pair-plugin.ts'
import { resumeSite } from './pause.ts'
import { setAsidePosts } from './set-aside-posts.ts'
import { askWordPress } from './wordpress-failure.ts'

const Params = z.object({ wp_url: z.string(), wp_username: z.string(), service_url: z.string() })

/** Checks the credentials of a WordPress and, if they work, stores them for the site. */
export const linkWordPress: StepHandler = async (job) => {
  const { accountId } = job.scope
  const { wp_url, wp_username, service_url, appPassword } = await readRequest(job)
  await job.requested('users/me', `Asked ${wp_url} who ${wp_username} is`)
  const { fetch } = job.deps
  const checked = await askWordPress(
    () =>
      checkCredentials(fetch, {
        siteUrl: wp_url,
        username: wp_username,
        appPassword,
        signal: job.signal,
      }),
    { retry: false },
  )
  const siteId = job.step.object_id
  const wp_app_password = await job.deps.secrets.seal(
    sitePasswordContext(accountId, siteId),
    appPassword,
  )
  const restRoot = checked.rest_root
  const api = connect({ fetch, restRoot, username: wp_username, appPassword, signal: job.signal })
  await job.write(async (tx) => {
    await setAsidePosts(tx, siteId, restRoot)
    await tx
      .update(sites)
      .set({
        wp_url,
        wp_username,
        wp_app_password,
        wp_rest_root: restRoot,
        // The keys of another WordPress belong to its plugin.
        wp_bridge_keys: sql`case when ${sites.wp_rest_root} = ${restRoot} then ${sites.wp_bridge_keys} end`,
        wp_linked_at: sql`now()`,
        updated_at: sql`now()`,
      })
      .where(eq(sites.id, siteId))
    // Again, for posts that were recorded before the row of the site was locked.
    await setAsidePosts(tx, siteId, restRoot)
  })
  const plugin = await pairPlugin(job, { api, siteId, serviceUrl: service_url, rotate: true })
  return {
    message: `Linked ${checked.site_name}`,
    result: {
      wp_url,
      wp_username,
      site_name: checked.site_name,
      roles: checked.user.roles,
      plugin: plugin.state,
      warnings: [...warningsOf(checked), ...plugin.warnings],
    },
    async write(tx) {
      await resumeSite(tx, job.deps, siteId)
      if (plugin.state === 'paired')
        await noteWorking(tx, { account_id: accountId, site_id: siteId })
    },
  }
}

async function readRequest(job: StepJob) {
  const { accountId } = job.scope
  const [run] = await job.read((tx) =>
    tx
      .select({ params: runs.params, secret: runs.secret })
      .from(runs)
      .where(eq(runs.id, job.step.run_id)),
  )
  if (!run?.secret) throw new StepError('not_found', 'The request was withdrawn.')
  const appPassword = await job.deps.secrets.open(runSecret(accountId, job.step.run_id), run.secret)
  return { ...Params.parse(run.params), appPassword }
}

/** What works with limitations. */
function warningsOf({ can, user }: CheckedSite): string[] {
  const warnings: string[] = []
  if (!can.publish_posts) {
    warnings.push(
      'This user is not allowed to publish, so posts wait for review. An Author or an Editor is.',
    )
  }
  if (!can.manage_categories) {
    warnings.push(
      'This user is not allowed to create categories, so posts get existing ones only. An Editor is.',
    )
  }
  if (user.roles.includes('administrator')) {
    warnings.push('This user is an Administrator. An Editor is enough, and safer.')
  }
  return warnings
}
