import type { integration_settings } from '../../db/schema/integrations.ts'
import type { EgressInit } from '../egress/egress.ts'
import { type Secrets, SecretUnreadableError } from '../security/secrets.ts'
import { RUNWARE_DEFAULTS } from './image-models.ts'
import { integrationSecret } from './integration-secrets.ts'
import type { OpenAiOptions } from './openai.ts'
import { OPENAI_DEFAULTS } from './openai-settings.ts'
import { AiError } from './provider.ts'
import type { RunwareOptions } from './runware.ts'

export type IntegrationRow = typeof integration_settings.$inferSelect

/** What is needed to call a provider as an account set it up. */
export type Opening = {
  secrets: Secrets
  fetch: (url: string, init?: EgressInit) => Promise<Response>
}

/** Throws an `AiError` when the stored key cannot be read. */
export async function openAiOptions(opening: Opening, row: IntegrationRow): Promise<OpenAiOptions> {
  const settings = { ...OPENAI_DEFAULTS, ...row.config }
  return {
    // A server of one's own often asks for no key.
    apiKey: (await openKey(opening, row)) ?? 'none',
    baseUrl: settings.base_url,
    model: settings.model,
    imageModel: settings.image_model,
    fetch: opening.fetch,
  }
}

/** Throws an `AiError` when the stored key cannot be read. */
export async function runwareOptions(
  opening: Opening,
  row: IntegrationRow,
): Promise<RunwareOptions> {
  const { base_url, model, size } = { ...RUNWARE_DEFAULTS, ...row.config }
  const apiKey = (await openKey(opening, row)) ?? ''
  return { apiKey, baseUrl: base_url, model, size, fetch: opening.fetch }
}

async function openKey({ secrets }: Opening, row: IntegrationRow): Promise<string | undefined> {
  if (!row.api_key) return undefined
  try {
    return await secrets.open(integrationSecret(row.account_id, row.id, 'api_key'), row.api_key)
  } catch (error) {
    if (!(error instanceof SecretUnreadableError)) throw error
    const message = `The stored API key of ${row.integration_type} cannot be decrypted with the current keys. Save it again.`
    throw new AiError('ai_key_unreadable', message, { retryable: false })
  }
}
