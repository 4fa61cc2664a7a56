import { eq, sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { type IntegrationType, integration_settings } from '../../db/schema/integrations.ts'
import type { AccountIntegrations } from '../ai/account-integrations.ts'
import { RUNWARE_DEFAULTS } from '../ai/image-models.ts'
import { integrationSecret, SECRET_COLUMNS, type SecretColumn } from '../ai/integration-secrets.ts'
import type { IntegrationRow } from '../ai/open-integration.ts'
import { OPENAI_DEFAULTS } from '../ai/openai-settings.ts'
import { invalid } from '../errors.ts'
import type { Secrets } from '../security/secrets.ts'
import { checkImageChoice } from './image-choice.ts'
import type { ConfigInput } from './integration-schemas.ts'
import type { SaveIntegration } from './integrations.ts'

type Stored = Partial<Record<string, string>>
type Change = {
  accountId: number
  type: IntegrationType
  input: SaveIntegration
  before: AccountIntegrations
}

/** Only secrets of at least this length show their last four characters. */
const SHOWN_FROM = 12
/** Marks a masked secret. No provider's secrets begin with it. */
const MASK = '…'
const BASE_URLS: Partial<Record<IntegrationType, string>> = {
  openai: OPENAI_DEFAULTS.base_url,
  runware: RUNWARE_DEFAULTS.base_url,
}

/** Stores the given fields of an integration and encrypts its secrets. The caller has locked the integrations. */
export async function storeIntegration(
  tx: Tx,
  secrets: Secrets,
  { accountId, type, input, before }: Change,
): Promise<IntegrationRow> {
  const row = before.rows[type]
  const given = withoutMasks(row, input.config ?? {})
  const config = merged(row?.config as Stored | undefined, given)
  requireKeyForServer(type, row, config, given)
  if (type === 'image_generation') checkImageChoice(before, config)
  const is_active = input.is_active ?? row?.is_active ?? true
  const changes = { config, is_active, updated_at: sql`now()` }
  const [saved] = await tx
    .insert(integration_settings)
    .values({ ...changes, account_id: accountId, integration_type: type })
    .onConflictDoUpdate({
      target: [integration_settings.account_id, integration_settings.integration_type],
      set: changes,
    })
    .returning()
  const sealed = await sealedSecrets(secrets, saved!, secretsGiven(type, row, given))
  if (Object.keys(sealed).length === 0) return saved!
  const [whole] = await tx
    .update(integration_settings)
    .set(sealed)
    .where(eq(integration_settings.id, saved!.id))
    .returning()
  return whole!
}

/** Drops secrets that are sent as they were shown, because forms send every field. */
function withoutMasks(row: IntegrationRow | undefined, config: ConfigInput): ConfigInput {
  const given = { ...config }
  for (const column of SECRET_COLUMNS) {
    if (!given[column]?.startsWith(MASK)) continue
    if (given[column] !== masked(row, column)) {
      throw invalid(`config.${column}`, 'must be the whole secret, not the masked one')
    }
    delete given[column]
  }
  return given
}

function merged(stored: Stored = {}, given: ConfigInput): Stored {
  const config: Stored = { ...stored }
  for (const [field, value] of Object.entries(given)) {
    if (isSecret(field) || value === undefined) continue
    if (value === null) delete config[field]
    else config[field] = value
  }
  return config
}

/** Throws a 400 if the server changes without a key: the stored key must not be sent to another server. */
function requireKeyForServer(
  type: IntegrationType,
  row: IntegrationRow | undefined,
  config: Stored,
  given: ConfigInput,
): void {
  const standard = BASE_URLS[type]
  if (!standard || !row?.api_key || given.api_key !== undefined) return
  const stored = row.config as Stored
  const origin = ({ base_url }: Stored) => new URL(base_url ?? standard).origin
  if (origin(config) === origin(stored)) return
  throw invalid('config.api_key', 'must be sent again when base_url names another server')
}

/** The secrets to store. A grant of one OAuth client does not work for another, so it is removed. */
function secretsGiven(
  type: IntegrationType,
  row: IntegrationRow | undefined,
  given: ConfigInput,
): Partial<Record<SecretColumn, string | null>> {
  const { api_key, client_secret, refresh_token, client_id } = given
  const isOther = client_id !== undefined && client_id !== (row?.config as Stored)?.client_id
  const grant = type === 'gsc' && isOther ? (refresh_token ?? null) : refresh_token
  return { api_key, client_secret, refresh_token: grant }
}

async function sealedSecrets(
  secrets: Secrets,
  { account_id, id }: IntegrationRow,
  given: Partial<Record<SecretColumn, string | null>>,
): Promise<Record<string, string | null>> {
  const columns: Record<string, string | null> = {}
  for (const column of SECRET_COLUMNS) {
    const value = given[column]
    if (value === undefined) continue
    const place = integrationSecret(account_id, id, column)
    columns[column] = value === null ? null : await secrets.seal(place, value)
    columns[`${column}_last4`] = last4(value)
  }
  return columns
}

/** A stored secret, masked. */
export function masked(row: IntegrationRow | undefined, column: SecretColumn): string | null {
  return row?.[column] ? `${MASK}${row[`${column}_last4`] ?? ''}` : null
}

function last4(secret: string | null): string | null {
  return secret !== null && secret.length >= SHOWN_FROM ? secret.slice(-4) : null
}

function isSecret(field: string): boolean {
  return SECRET_COLUMNS.some((column) => column === field)
}
