import { sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { INTEGRATION_TYPES, type IntegrationType } from '../../db/schema/integrations.ts'
import { type AccountIntegrations, readIntegrations } from '../ai/account-integrations.ts'
import { RUNWARE_DEFAULTS } from '../ai/image-models.ts'
import type { IntegrationRow } from '../ai/open-integration.ts'
import { OPENAI_DEFAULTS } from '../ai/openai-settings.ts'
import type { Deps } from '../deps.ts'
import type { Caller } from '../http/caller.ts'
import { requireMatch } from '../http/entity-tag.ts'
import { audit } from '../observability/audit.ts'
import type { ConfigInput, ShownIntegration } from './integration-schemas.ts'
import { masked, storeIntegration } from './store-integration.ts'

export type SaveIntegration = { config?: ConfigInput; is_active?: boolean }

/** Lists all types. Those that were never saved have their defaults and are inactive. */
export async function listIntegrations(deps: Deps, caller: Caller): Promise<ShownIntegration[]> {
  const { rows } = await read(deps, caller)
  return INTEGRATION_TYPES.map((type) => shown(deps, type, rows[type]))
}

export async function getIntegration(
  deps: Deps,
  caller: Caller,
  type: IntegrationType,
): Promise<ShownIntegration> {
  return shown(deps, type, (await read(deps, caller)).rows[type])
}

function read({ database }: Deps, { scope, accountId }: Caller): Promise<AccountIntegrations> {
  return database.withAccount(scope, (tx) => readIntegrations(tx, accountId), { readOnly: true })
}

/** Changes the fields that are given. Later runs of the account use the new settings. */
export function saveIntegration(
  deps: Deps,
  caller: Caller,
  type: IntegrationType,
  { input, ifMatch }: { input: SaveIntegration; ifMatch: string | undefined },
): Promise<ShownIntegration> {
  const { accountId } = caller
  return deps.database.withAccount(caller.scope, async (tx) => {
    await lockIntegrations(tx, accountId)
    const before = await readIntegrations(tx, accountId)
    await requireMatch(ifMatch, shown(deps, type, before.rows[type]))
    const row = await storeIntegration(tx, deps.secrets, { accountId, type, input, before })
    const object = { type: 'integration', id: row.id } as const
    await audit(tx, caller, 'integration.saved', { object })
    return shown(deps, type, row)
  })
}

/** Serialises changes in an account with an advisory lock, because there may be no row to lock yet. */
async function lockIntegrations(tx: Tx, accountId: number): Promise<void> {
  await tx.execute(
    sql`select pg_advisory_xact_lock(hashtextextended('integrations', ${accountId}))`,
  )
}

function shown(
  deps: Deps,
  type: IntegrationType,
  row: IntegrationRow | undefined,
): ShownIntegration {
  return {
    integration_type: type,
    config: configOf(deps, type, row),
    is_active: row?.is_active ?? false,
    updated_at: row?.updated_at ?? null,
  }
}

function configOf(deps: Deps, type: IntegrationType, row: IntegrationRow | undefined) {
  const given = row?.config as Record<string, string> | undefined
  const api_key = masked(row, 'api_key')
  switch (type) {
    case 'openai':
      return { api_key, ...OPENAI_DEFAULTS, ...given }
    case 'runware':
      return { api_key, ...RUNWARE_DEFAULTS, ...given }
    case 'image_generation':
      return { provider: null, model: null, size: null, ...given }
    case 'gsc':
      return {
        client_id: null,
        redirect_uri: callbackUrl(deps),
        ...given,
        client_secret: masked(row, 'client_secret'),
        refresh_token: masked(row, 'refresh_token'),
      }
  }
}

/** The default redirect URI. */
export function callbackUrl({ settings }: Deps): string {
  return `${settings.publicUrl()}/api/v1/system/settings/integrations/gsc/callback/`
}
