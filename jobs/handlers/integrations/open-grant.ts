import { eq } from 'drizzle-orm'
import { integration_settings } from '../../../db/schema/integrations.ts'
import { integrationSecret, type SecretColumn } from '../../../server/ai/integration-secrets.ts'
import type { Google } from '../../../server/google/google-call.ts'
import { accessToken, type OauthClient } from '../../../server/google/oauth.ts'
import { SecretUnreadableError } from '../../../server/security/secrets.ts'
import { StepError, type StepJob } from '../../steps/step.ts'

type Row = typeof integration_settings.$inferSelect

export const googleOf = ({ deps, signal }: StepJob): Google => ({
  urls: deps.googleUrls,
  fetch: deps.fetch,
  signal,
})

/** The account's OAuth client. Throws a `StepError` if it was deleted or cannot be decrypted. */
export async function openClient(job: StepJob): Promise<{ row: Row; client: OauthClient }> {
  const [row] = await job.read((tx) =>
    tx.select().from(integration_settings).where(eq(integration_settings.integration_type, 'gsc')),
  )
  const clientId = row?.config.client_id
  if (!row || typeof clientId !== 'string') throw notConnected()
  return { row, client: { clientId, clientSecret: await openSecret(job, row, 'client_secret') } }
}

/** Gets an access token for Search Console with the account's grant. Throws Google's errors. */
export async function openGrant(job: StepJob): Promise<{ google: Google; token: string }> {
  const { row, client } = await openClient(job)
  const google = googleOf(job)
  const refreshToken = await openSecret(job, row, 'refresh_token')
  return { google, token: await accessToken(google, client, refreshToken) }
}

async function openSecret({ deps }: StepJob, row: Row, column: SecretColumn): Promise<string> {
  const sealed = row[column]
  if (!sealed) throw notConnected()
  try {
    return await deps.secrets.open(integrationSecret(row.account_id, row.id, column), sealed)
  } catch (error) {
    if (!(error instanceof SecretUnreadableError)) throw error
    const message = `The stored ${column} of gsc cannot be decrypted with the current keys. Save it again.`
    throw new StepError('gsc_secret_unreadable', message)
  }
}

function notConnected(): StepError {
  const message = 'The account is no longer connected to Search Console. Connect it again.'
  return new StepError('gsc_not_connected', message)
}
