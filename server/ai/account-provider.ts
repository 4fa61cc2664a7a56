import type { Database, Scope } from '../../db/database.ts'
import { type ImageSetup, openImages } from './account-images.ts'
import { type AccountIntegrations, readIntegrations } from './account-integrations.ts'
import { localProvider } from './local/provider.ts'
import { type IntegrationRow, type Opening, openAiOptions } from './open-integration.ts'
import { openaiProvider } from './openai.ts'
import type { AiProvider } from './provider.ts'

const local = localProvider()

/**
 * Finds the provider that an account set up: who writes is `openai` when that is active, else
 * `local`; who draws is what `image_generation` says, else whichever is active. It throws an
 * `AiError` when a key cannot be read; what is wrong with the images alone, only making one throws.
 */
export function openProviders(
  deps: Opening & { database: Database },
): (scope: Scope) => Promise<AiProvider> {
  return async (scope) => {
    const setup = await deps.database.withAccount(
      scope,
      (tx) => readIntegrations(tx, scope.accountId),
      { readOnly: true },
    )
    const openai = active(setup.rows.openai)
    const texts = openai ? openaiProvider(await openAiOptions(deps, openai)) : local
    return { ...texts, ...(await openImages(deps, activeImages(setup), local)) }
  }
}

function activeImages({ rows, imageModels }: AccountIntegrations): ImageSetup {
  return {
    openai: active(rows.openai),
    runware: active(rows.runware),
    choice: active(rows.image_generation)?.config ?? {},
    imageModels,
  }
}

const active = (row: IntegrationRow | undefined) => (row?.is_active ? row : undefined)
