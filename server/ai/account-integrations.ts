import { eq } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { accounts, plans } from '../../db/schema/accounts.ts'
import { type IntegrationType, integration_settings } from '../../db/schema/integrations.ts'
import type { IntegrationRow } from './open-integration.ts'

/** What an account set up, active or not, and the image models that its plan allows. */
export type AccountIntegrations = {
  rows: Partial<Record<IntegrationType, IntegrationRow>>
  imageModels: string[]
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
