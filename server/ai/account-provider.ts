import { eq } from 'drizzle-orm'
import { accounts, plans } from '../../db/schema/auth.ts'
import { integration_settings } from '../../db/schema/system.ts'
import type { Doors, Scope, Tx } from '../../db/tenancy.ts'
import { type ImageSetup, openImages } from './account-images.ts'
import { localProvider } from './local/provider.ts'
import { type IntegrationRow, type Opening, openAiOptions } from './open-integration.ts'
import { openaiProvider } from './openai.ts'
import type { AiProvider } from './provider.ts'

/** What an account set up, active or not, and the image models that its plan allows. */
export type AccountIntegrations = {
  rows: Partial<Record<IntegrationRow['integration_type'], IntegrationRow>>
  imageModels: string[]
}

const local = localProvider()

/**
 * Finds the provider that an account set up: who writes is `openai` when that is active, else
 * `local`; who draws is what `image_generation` says, else whichever is active. It throws an
 * `AiError` when a key cannot be read; what is wrong with the images alone, only making one throws.
 */
export function openProviders(
  deps: Opening & { doors: Doors },
): (scope: Scope) => Promise<AiProvider> {
  return async (scope) => {
    const setup = await deps.doors.withAccount(
      scope,
      (tx) => readIntegrations(tx, scope.accountId),
      { readOnly: true },
    )
    const openai = active(setup.rows.openai)
    const texts = openai ? openaiProvider(await openAiOptions(deps, openai)) : local
    return { ...texts, ...(await openImages(deps, activeImages(setup), local)) }
  }
}

/** One round trip. */
export async function readIntegrations(tx: Tx, accountId: number): Promise<AccountIntegrations> {
  const [rows, [plan]] = await Promise.all([
    tx.select().from(integration_settings),
    tx
      .select({ imageModels: plans.image_model_choices })
      .from(accounts)
      .innerJoin(plans, eq(plans.id, accounts.plan_id))
      .where(eq(accounts.id, accountId)),
  ])
  const byType = Object.fromEntries(rows.map((row) => [row.integration_type, row]))
  return { rows: byType, imageModels: plan?.imageModels ?? [] }
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
