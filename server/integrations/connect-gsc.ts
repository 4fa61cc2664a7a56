import { and, eq, sql } from 'drizzle-orm'
import type { z } from 'zod'
import { AccountNotFoundError, StaleTokenError, type Tx } from '../../db/database.ts'
import { integration_settings, type OauthState } from '../../db/schema/integrations.ts'
import { runs } from '../../db/schema/runs.ts'
import type { Deps } from '../deps.ts'
import { DomainError } from '../errors.ts'
import { GOOGLE_URLS } from '../google/google-urls.ts'
import { authorizeUrl } from '../google/oauth.ts'
import type { Caller } from '../http/caller.ts'
import { audit } from '../observability/audit.ts'
import { acceptRun } from '../runs/accept-run.ts'
import { contracts } from '../runs/job-contracts.ts'
import { runSecret } from '../runs/run-secret.ts'
import { randomToken, sha256 } from '../security/secrets.ts'
import type { CallbackQuery, Connect } from './integration-schemas.ts'
import { callbackUrl } from './integrations.ts'
import { requireIntegration } from './try-integration.ts'

/** How long a person has to grant access at Google. */
const STATE_MS = 10 * 60_000

/** Starts a connection to Search Console. Returns the page where a person grants access; earlier links end. */
export async function beginConnection(
  deps: Deps,
  caller: Caller,
): Promise<z.infer<typeof Connect>> {
  const { accountId, userId, role } = caller
  const state = `${accountId}.${randomToken('')}`
  const hash = await sha256(state)
  const expires_at = new Date(Date.now() + STATE_MS).toISOString()
  return deps.database.withAccount(caller.scope, async (tx) => {
    const { id, config, client_secret } = await requireIntegration(tx, 'gsc')
    if (typeof config.client_id !== 'string' || !client_secret) throw noClient()
    const redirect_uri = String(config.redirect_uri ?? callbackUrl(deps))
    const oauth_state: OauthState = { hash, user_id: userId!, role, redirect_uri, expires_at }
    await tx
      .update(integration_settings)
      .set({ oauth_state })
      .where(eq(integration_settings.id, id))
    const object = { type: 'integration', id } as const
    await audit(tx, caller, 'gsc.connection_begun', { object })
    const urls = deps.settings.googleUrls ?? GOOGLE_URLS
    const asked = { clientId: config.client_id, redirectUri: redirect_uri, state }
    return { authorize_url: authorizeUrl(urls, asked), expires_at }
  })
}

/**
 * Processes Google's redirect, once per state. Returns the caller that started the connection and the run
 * that exchanges the code, or undefined if access was not granted.
 */
export async function acceptAuthorization(
  deps: Deps,
  requestId: string,
  answer: z.infer<typeof CallbackQuery>,
): Promise<{ caller: Caller; runId: number } | undefined> {
  const accountId = Number(answer.state.split('.')[0])
  const hash = await sha256(answer.state)
  try {
    const asked = await deps.database.withAccount({ accountId }, (tx) => findState(tx, hash), {
      readOnly: true,
    })
    const caller = callerOfState(asked, accountId, requestId)
    return await deps.database.withAccount(caller.scope, async (tx) => {
      const { id, redirect_uri } = await takeState(tx, hash)
      if (!answer.code) return undefined
      const runId = await acceptRun(tx, deps.queue, caller, {
        kind: 'connect_gsc',
        siteId: null,
        params: { redirect_uri },
        steps: [{ contract: contracts.connect_gsc, objectId: id, price: 0 }],
      })
      const secret = await deps.secrets.seal(runSecret(accountId, runId), answer.code)
      await tx.update(runs).set({ secret }).where(eq(runs.id, runId))
      return { caller, runId }
    })
  } catch (error) {
    const isNobodys = error instanceof AccountNotFoundError || error instanceof StaleTokenError
    throw isNobodys ? notWaitedFor() : error
  }
}

type Asked = OauthState & { id: number }

/** Throws for a state that is unknown, used or expired. */
async function findState(tx: Tx, hash: string): Promise<Asked> {
  const [row] = await tx
    .select({ id: integration_settings.id, oauth_state: integration_settings.oauth_state })
    .from(integration_settings)
    .where(
      and(
        eq(integration_settings.integration_type, 'gsc'),
        sql`${integration_settings.oauth_state} ->> 'hash' = ${hash}`,
      ),
    )
  const asked = row?.oauth_state
  if (!asked || Date.parse(asked.expires_at) < Date.now()) throw notWaitedFor()
  return { ...asked, id: row.id }
}

async function takeState(tx: Tx, hash: string): Promise<Asked> {
  await tx
    .select({ id: integration_settings.id })
    .from(integration_settings)
    .where(eq(integration_settings.integration_type, 'gsc'))
    .for('update')
  const asked = await findState(tx, hash)
  await tx
    .update(integration_settings)
    .set({ oauth_state: null })
    .where(eq(integration_settings.id, asked.id))
  return asked
}

/** The caller who started it. Queries fail if the user was deactivated or has another role since. */
function callerOfState({ user_id, role }: Asked, accountId: number, requestId: string): Caller {
  const scope = { accountId, user: { id: user_id, role } }
  return { actor: 'user', accountId, userId: user_id, role, isStaff: false, scope, requestId }
}

function noClient(): DomainError {
  return new DomainError(
    'integration_not_configured',
    'Search Console has no OAuth client yet. Save the client_id and client_secret of one (Google Cloud, type "web application") first.',
  )
}

function notWaitedFor(): DomainError {
  return new DomainError(
    'not_found',
    'This link was already used, has expired, or was replaced by a newer one. Start the connection again.',
  )
}
