import { eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import { integration_settings } from '../../../db/schema/integrations.ts'
import { runs } from '../../../db/schema/runs.ts'
import { integrationSecret } from '../../../server/ai/integration-secrets.ts'
import { exchangeCode } from '../../../server/google/oauth.ts'
import { runSecret } from '../../../server/runs/run-secret.ts'
import { StepError, type StepHandler, type StepJob } from '../../steps/step.ts'
import { askService } from '../ask-service.ts'
import { googleOf, openClient } from './open-grant.ts'

const Params = z.object({ redirect_uri: z.string() })

/** Exchanges Google's authorization code and stores the grant, encrypted. */
export const connectGsc: StepHandler = async (job) => {
  const { code, redirectUri } = await readAuthorization(job)
  const { row, client } = await openClient(job)
  await job.requested('token', 'Exchanged the authorization code with Google')
  const refreshToken = await askService(
    () => exchangeCode(googleOf(job), client, { code, redirectUri }),
    { retry: false },
  )
  const place = integrationSecret(job.scope.accountId, row.id, 'refresh_token')
  const refresh_token = await job.deps.secrets.seal(place, refreshToken)
  return {
    message: 'Connected to Google Search Console',
    result: { connected: true },
    async write(tx) {
      await tx
        .update(integration_settings)
        .set({
          refresh_token,
          refresh_token_last4: refreshToken.slice(-4),
          is_active: true,
          updated_at: sql`now()`,
        })
        .where(eq(integration_settings.id, row.id))
    },
  }
}

async function readAuthorization(job: StepJob): Promise<{ code: string; redirectUri: string }> {
  const { accountId } = job.scope
  const [run] = await job.read((tx) =>
    tx
      .select({ params: runs.params, secret: runs.secret })
      .from(runs)
      .where(eq(runs.id, job.step.run_id)),
  )
  if (!run?.secret)
    throw new StepError('not_found', 'The connection was cancelled. Start it again.')
  const code = await job.deps.secrets.open(runSecret(accountId, job.step.run_id), run.secret)
  return { code, redirectUri: Params.parse(run.params).redirect_uri }
}
